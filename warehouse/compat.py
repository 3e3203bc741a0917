"""The names analysts' existing SQL expects: views over core and ref in the national schemas, and a few macros.

Belongs here: which views there are and in what order. Does not belong here: what a view says (``compat/*.sql``)
and any figure (``warehouse/marts``): a view renames and repeats by month, it decides nothing.
"""

import duckdb

from warehouse.models import read_sql

# Each view may use those before it. compat.* hold the joins that several national tables share.
VIEWS = (
    "submission", "pathway_month", "person_month", "problem", "therapy_count", "wsas_item", "employment_support",
    "internet_count", "IsLatest_SubmissionID", "IDS001mpi", "IDS004empstatus", "IDS011socpercircumstances",
    "IDS101referral", "IDS201carecontact", "IDS202careactivity", "IDS205internettherlog",
    "IDS602longtermcondition", "IDS603presentingcomplaints", "IDS606codedscoreassessmentrefer",
    "IDS607codedscoreassessmentact", "ComCodeChanges", "Provider_Successor", "Date_Full",
    "Ref_ODS_Commissioner_Hierarchies_ICB", "Ref_ODS_Provider_Hierarchies_ICB", "Commissioner_Hierarchies",
    "Provider_Hierarchies", "Descriptions_SCD", "Descriptions_SCD_1", "Domains_Of_Deprivation_By_LSOA1",
)  # fmt: skip

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
    for view in VIEWS:
        text = read_sql("compat", view)
        schema = text.removeprefix("-- ").partition(".")[0]
        con.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        con.execute(text)
    for signature, expression in MACROS.items():
        con.execute(f"CREATE OR REPLACE MACRO main.{signature} AS {expression}")
