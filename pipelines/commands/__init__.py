"""The commands of `parity`, one module per group of users. ``app`` has what all of them share."""
