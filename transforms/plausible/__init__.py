"""Whether a submission is plausible beside a service's own months: its profile, limits, and questions."""
