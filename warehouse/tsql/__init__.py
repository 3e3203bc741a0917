"""T-SQL carried over to DuckDB: scripts for the national platform, run on the views of ``warehouse.compat``.

Belongs here: finding the statements of a script, saying each in DuckDB's words, reporting what could not be carried
over, running the result on a release. Does not belong here: the national views (``warehouse/compat``).
"""
