"""The names analysts' existing SQL expects: views over core and ref in the national schemas, and a few macros.

Belongs here: which views there are and in what order. Does not belong here: what a view says (``compat/``)
and any figure (``warehouse/mart``): a view renames and repeats by month, it decides nothing.
"""

import duckdb

from warehouse.models import read_sql

# Each view may use those before it. compat.* hold the joins that several national tables share.
VIEWS = (
    "compat.submission", "compat.pathway_month", "compat.person_month", "compat.problem", "compat.therapy_count",
    "compat.wsas_item", "compat.employment_support", "compat.internet_count", "mesh_IAPT.IsLatest_SubmissionID",
    "mesh_IAPT.IDS001mpi", "mesh_IAPT.IDS004empstatus", "mesh_IAPT.IDS011socpercircumstances",
    "mesh_IAPT.IDS101referral", "mesh_IAPT.IDS201carecontact", "mesh_IAPT.IDS202careactivity",
    "mesh_IAPT.IDS205internettherlog", "mesh_IAPT.IDS602longtermcondition", "mesh_IAPT.IDS603presentingcomplaints",
    "mesh_IAPT.IDS606codedscoreassessmentrefer", "mesh_IAPT.IDS607codedscoreassessmentact",
    "Internal_Reference.ComCodeChanges", "Internal_Reference.Provider_Successor", "Internal_Reference.Date_Full",
    "Reporting.Ref_ODS_Commissioner_Hierarchies_ICB", "Reporting.Ref_ODS_Provider_Hierarchies_ICB",
    "Reporting_UKHD_ODS.Commissioner_Hierarchies", "Reporting_UKHD_ODS.Provider_Hierarchies",
    "UKHD_SNOMED.Descriptions_SCD", "UKHD_SNOMED.Descriptions_SCD_1",
    "UKHF_Demography.Domains_Of_Deprivation_By_LSOA1",
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
        con.execute(f'CREATE SCHEMA IF NOT EXISTS "{view.partition(".")[0]}"')
        con.execute(read_sql(view))
    for signature, expression in MACROS.items():
        con.execute(f"CREATE OR REPLACE MACRO main.{signature} AS {expression}")
