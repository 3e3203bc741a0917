"""Building the warehouse: the winning submissions in, one draft DuckDB file out.

Belongs here: the order of the models and the connection they run on. Does not belong here: what a model says
(``core/*.sql``, ``marts/*.sql``) and publishing (``warehouse.release``).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import duckdb

from warehouse.contract import apply_contract
from warehouse.measures.catalogue import ALL_PATHWAYS, PATHWAYS, Measure, counting_passes, measures
from warehouse.published import create_published
from warehouse.reference import load_reference
from warehouse.staging import StagedSubmission, check_winners, insert_rows, stage
from warehouse.statistics import create_macros

__all__ = ["StagedSubmission", "build_core", "build_marts", "open_draft"]

# DuckDB 2.0's own format is newer than the released command line (1.5) can open.
STORAGE_VERSION = "v1.0.0"

# Each model may use those before it.
CORE = (
    "submission", "submission_table", "provider", "patient", "person", "employment", "complaint", "referral",
    "contact", "activity", "follow_up_day", "score", "outcome", "treatment", "anxiety", "recovery", "battery",
    "pathway", "service_use", "session_plan", "experience",
)  # fmt: skip
MARTS = ("service_measure", "national", "service_comparison")


@contextmanager
def open_draft(
    draft: Path, *, memory_limit: str | None = None, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writing connection to the draft, with a catalog ``work`` for what does not stay.

    ``memory_limit`` as DuckDB writes it ("2GB"); beyond it DuckDB spills beside the draft.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "storage_compatibility_version": STORAGE_VERSION,
        # Every table is a set; not keeping input order saves memory.
        "preserve_insertion_order": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    if threads is not None:
        config["threads"] = threads
    con = duckdb.connect(str(draft), config=config)
    try:
        con.execute("ATTACH ':memory:' AS work")
        # Files are opened two or three times: 2,400 footers cost 0.3 s less from the second time on.
        con.execute("SET parquet_metadata_cache = true")
        yield con
    finally:
        con.close()


def build_core(
    draft: Path,
    winners: Sequence[StagedSubmission],
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    organisations: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Write a new draft with ``ref``, ``core`` and empty ``published`` from the winning submissions.

    An existing draft is replaced. ``organisations`` maps ODS codes to names; a provider without one keeps its
    code. Returns the rows of every core table. Raises StagingError when the winners are not one per provider
    and month or their files are not theirs.
    """
    check_winners(winners)
    for leftover in (draft, draft.with_name(draft.name + ".wal")):
        leftover.unlink(missing_ok=True)
    draft.parent.mkdir(parents=True, exist_ok=True)
    with open_draft(draft, memory_limit=memory_limit, threads=threads) as con:
        con.execute("ATTACH ':memory:' AS staged")
        con.execute("CREATE SCHEMA ref; CREATE SCHEMA core; CREATE SCHEMA meta;")
        stage(con, winners)
        load_reference(con, winners, organisations or {})
        for model in CORE:
            con.execute(read_sql("core", model))
        create_published(con)
        con.execute(read_sql("core", "build"))
        return count_rows(con, "core")


def build_marts(draft: Path, *, memory_limit: str | None = None, threads: int | None = None) -> dict[str, int]:
    """Count every measure and write schemas ``mart`` and ``meta``; replaces earlier ones.

    Comments go in last and are complete. Returns the rows of every mart table. Raises ContractError when a
    table or column has no description or a description has no column.
    """
    with open_draft(draft, memory_limit=memory_limit, threads=threads) as con:
        con.execute("DROP SCHEMA IF EXISTS mart CASCADE; CREATE SCHEMA mart;")
        create_macros(con)
        catalogue = measures()
        _load_measures(con, catalogue)
        con.execute(
            "CREATE TABLE work.measure_count (provider VARCHAR, period_start DATE, pathway VARCHAR, "
            "measure VARCHAR, numerator BIGINT, denominator BIGINT)"
        )
        for select in counting_passes(catalogue):
            con.execute(f"INSERT INTO work.measure_count {select}")
        for model in MARTS:
            con.execute(read_sql("marts", model))
        apply_contract(con)
        return count_rows(con, "mart")


def read_sql(folder: str, model: str) -> str:
    """The text of one model."""
    return (files("warehouse") / folder / f"{model}.sql").read_text(encoding="utf-8")


def count_rows(con: duckdb.DuckDBPyConnection, schema: str) -> dict[str, int]:
    """Rows of every table of a schema of the draft, by ``schema.table``."""
    names = con.execute(
        "SELECT table_name FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name = ? ORDER BY table_name",
        [schema],
    ).fetchall()
    counts: dict[str, int] = {}
    for (name,) in names:
        row = con.execute(f'SELECT count(*) FROM {schema}."{name}"').fetchone()
        assert row is not None
        counts[f"{schema}.{name}"] = int(row[0])
    return counts


def _load_measures(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    con.execute(
        "CREATE TABLE mart.measure (position INTEGER, measure VARCHAR, title VARCHAR, meaning VARCHAR, "
        "grain VARCHAR, date_column VARCHAR, numerator VARCHAR, denominator VARCHAR, is_share BOOLEAN, "
        "unit VARCHAR, direction VARCHAR, standard DECIMAL(5, 4), pathways VARCHAR, published_id VARCHAR, "
        "source VARCHAR, confidence VARCHAR, since VARCHAR)"
    )
    insert_rows(
        con,
        "mart.measure",
        [
            (
                position, m.id, m.title, m.meaning, m.grain, m.date_column, m.numerator, m.denominator or None,
                bool(m.denominator), m.unit, m.direction, m.standard, " ".join(m.pathways or PATHWAYS),
                m.published_id or None, m.source, m.confidence, m.since,
            )
            for position, m in enumerate(catalogue, start=1)
        ],
    )  # fmt: skip
    con.execute("CREATE TABLE work.measure_pathway (measure VARCHAR, pathway VARCHAR)")
    everywhere = [(m.id, ALL_PATHWAYS) for m in catalogue if not m.pathways]
    applicable = [(m.id, code) for m in catalogue for code in PATHWAYS if m.applies_to(code)]
    insert_rows(con, "work.measure_pathway", everywhere + applicable)
