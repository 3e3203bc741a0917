"""How rows change: pure Polars, frame in, frame out.

Belongs here: receiving, casting, checking and pseudonymising the rows of one submission. Does not belong here:
paths, the clock, Dagster, DuckDB. This room imports only ``schemas``.
"""
