"""What analysts query: SQL models, measures, statistics and the release.

Belongs here: reading the pseudonymised Parquet of the current submissions into one DuckDB file, the models in
``core`` and ``mart``, the measure catalogue, NHS England's published statistics, publishing a release, and carrying
analysts' T-SQL over to it. Does not belong here: how rows were checked or pseudonymised (this room does not import
``transforms``), when and where a build runs, and any clock: the same inputs give the same rows.
"""
