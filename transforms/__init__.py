"""How rows change: pure Polars, frame in, frame out.

Belongs here: receiving, casting, checking, pseudonymising and synthesising the rows of one submission.
Does not belong here: paths, the clock, Dagster, DuckDB. This room knows ``schemas`` and nothing else.
"""
