"""The assets, by subject: submissions (per provider and month) and the warehouse (over all of them)."""
