"""What a submission is: declarations only.

Belongs here: fields, code lists, tables, rules, the dated versions of the dataset, the instrument
catalogue, and what is derived from them (the pandera contract).
Does not belong here: reading or writing submissions, Dagster, DuckDB. This room imports no other.
"""
