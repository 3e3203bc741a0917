"""What readers of a release get of the monthly counts: only what stands behind a view of ``mart``.

Belongs here: leaving the working counts out of the released file, and saying what every count column that stays
means. Does not belong here: counting (``counting``) and adding up (``rollup``), which need all of them.
"""

import duckdb

from schemas.sql import quoted
from warehouse.columns import COUNTS
from warehouse.measures.rollup import GROUP_FIGURE


def leave_out_working_counts(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what of schema ``monthly_count`` no reader needs, and comment each count column that stays.

    The counts by provider and month are the draft's, for the next build: of 52 tables an analyst met, 40 had
    nothing for them. What stays has a comment and a row in ``meta.columns`` for each column. ``con`` is the copy
    that is released, never the draft.
    """
    views = " ".join(sql for (sql,) in con.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall())
    tables = con.execute(
        "SELECT table_name FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name = 'monthly_count' ORDER BY table_name"
    ).fetchall()
    con.execute("BEGIN")
    con.execute(f"DROP VIEW {GROUP_FIGURE}")
    con.execute("DELETE FROM meta.columns WHERE schema_name || '.' || table_name = ?", [GROUP_FIGURE])
    for (table,) in tables:
        if f"monthly_count.{table} " not in f"{views} ":
            con.execute(f'DROP TABLE monthly_count."{table}"')
            con.execute("DELETE FROM meta.columns WHERE schema_name = 'monthly_count' AND table_name = ?", [table])
    con.execute(
        f"""
        INSERT INTO meta.columns
        SELECT c.schema_name, c.table_name, c.column_name, c.column_index, c.data_type, false, NULL,
            CASE right(c.column_name, 1)
                WHEN 'n' THEN 'Numerator of ' || m.measure || ': ' || m.title || '.'
                ELSE
                    'Denominator of ' || m.measure || ': ' || m.title || '; and of every measure with the same one.'
            END
        FROM duckdb_columns() AS c
        INNER JOIN mart.measure AS m ON m.measure = regexp_replace(c.column_name, '_[nd]$', '')
        WHERE c.database_name = current_database() AND {COUNTS}
        ORDER BY c.table_name, c.column_index
        """
    )
    counts = con.execute(
        f"SELECT table_name, column_name, description FROM meta.columns WHERE {COUNTS} ORDER BY ALL"
    ).fetchall()
    con.execute(
        "; ".join(
            f'COMMENT ON COLUMN monthly_count."{table}"."{column}" IS {quoted(description)}'
            for table, column, description in counts
        )
    )
    con.execute("COMMIT")
