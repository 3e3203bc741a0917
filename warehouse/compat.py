"""The national names for existing SQL: views over core and ref in the national schemas, and a few macros.

Belongs here: which views there are. Does not belong here: the views (``compat/``) and any figure
(``warehouse/mart``): a view renames columns and repeats rows by month, and decides nothing.
"""

import duckdb

from warehouse.models import models_of
from warehouse.order import run

# The schemas under national names, and all that are views over the others: joins that several share are in compat.
NATIONAL = (
    "mesh_IAPT", "Internal_Reference", "Reporting", "Reporting_UKHD_ODS", "UKHD_SNOMED", "UKHF_Demography",
    "UKHD_ODS", "MHDInternal",
)  # fmt: skip
SCHEMAS = ("compat", *NATIONAL)

# T-SQL functions whose name DuckDB does not know (1.5 and 2.0), in schema main: where an unqualified call looks.
MACROS = {
    "isnull(value, otherwise)": "coalesce(value, otherwise)",
    "iif(test, yes, no)": "CASE WHEN test THEN yes ELSE no END",
    "eomonth(day)": "last_day(day)",
    "charindex(part, text)": "instr(text, part)",
    "square(number)": "number * number",
}


def create_compat(con: duckdb.DuckDBPyConnection) -> None:
    """Create or replace the national schemas' views and the macros in the file ``con`` writes to.

    Needs all of ``core`` and ``ref``, the places included. Raises duckdb.Error when a model they read is not there.
    """
    for schema in SCHEMAS:
        con.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    run(con, (view for schema in SCHEMAS for view in models_of(schema)))
    for signature, expression in MACROS.items():
        con.execute(f"CREATE OR REPLACE MACRO main.{signature} AS {expression}")
