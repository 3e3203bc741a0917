"""Publishing: a checked draft becomes one immutable release folder, swapped in whole.

Belongs here: what a draft must satisfy, writing the folder and moving ``latest``. Does not belong here: building
the draft (``warehouse.build``), what names a release (``warehouse.inputs``), when to publish, any date of today.
"""

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.build import count_rows
from warehouse.columns import COUNTS, SCHEMAS, grain_keys
from warehouse.disclosure.leaks import leaks
from warehouse.disclosure.parts import DATABASE, MANIFEST, OPEN_DATA, PUBLIC_DATABASE
from warehouse.disclosure.public import write_public
from warehouse.export import write_tables
from warehouse.history.keeping import keep
from warehouse.history.predecessor import Said
from warehouse.identifying import identifying
from warehouse.inputs import recorded_in
from warehouse.measures.released import leave_out_working_counts
from warehouse.open_data import write_open_data
from warehouse.promised import unkept
from warehouse.release_folder import ReleaseError, close, screened, second_name, write_manifest
from warehouse.rules import Judged, note_rules
from warehouse.sharing import share
from warehouse.storage import sync, writing

# Which core table must account for every staged row of a table, and how it counts them.
CONSERVED = {
    "IDS001": "SELECT sum(submitted_records) FROM core.person",
    "IDS004": "SELECT sum(submitted_records) FROM core.employment",
    "IDS101": "SELECT sum(submitted_records) FROM core.pathway",
    "IDS011": "SELECT sum(submitted_records) FROM core.social_circumstance",
    "IDS201": "SELECT sum(submitted_records) FROM core.contact",
    "IDS202": "SELECT sum(submitted_records) FROM core.activity",
    "IDS205": "SELECT sum(submitted_records) FROM core.internet_log",
    "IDS602": "SELECT sum(submitted_records) FROM core.long_term_condition",
    "IDS603": "SELECT sum(submitted_records) FROM core.complaint",
    "IDS606": "SELECT count(*) FROM core.score WHERE source = 'referral'",
    "IDS607": "SELECT count(*) FROM core.score WHERE source = 'activity'",
    "SMI203": "SELECT sum(submitted_records) FROM core.session_plan",
    "SMI902": "SELECT sum(submitted_records) FROM core.staff_therapy",
    "SMI501": "SELECT sum(submitted_records) FROM core.service_use",
    # Answers sent as assessments are in core.experience too; they are accounted for as scores.
    "SMI608": "SELECT coalesce(sum(submitted_records), 0) - (SELECT count(*) FROM core.score AS s "
    "INNER JOIN ref.survey_question AS q ON q.question = s.tool WHERE s.instrument IS NULL "
    "AND s.service_request_id IS NOT NULL AND s.scored_on IS NOT NULL) FROM core.experience",
}


def check_draft(draft: Path, secret: str) -> list[str]:
    """Everything that forbids publishing the draft, in words; empty when there is nothing.

    Rows staged equal rows accounted for; grains are unique; England is the sum of its providers; no numerator
    exceeds its denominator; every table and column has a comment; schema ``v1`` is what
    the contract promises; nothing identifies a person; nothing in schema
    ``public`` is exact. ``secret`` decides the random errors there.
    """
    with duckdb.connect(str(draft), read_only=True) as con:
        present = _tables(con)
        if "mart.service_measure" not in present:
            return ["The draft has no marts: run build_marts first."]
        return [
            *_unconserved(con),
            *_repeated_grains(con, present),
            *_wrong_totals(con),
            *_uncommented(con),
            *unkept(con),
            *identifying(con),
            *leaks(con, secret),
        ]


def publish(
    draft: Path,
    releases: Path,
    release_id: str,
    latest: Path,
    manifest: Mapping[str, object],
    secret: str,
    *,
    at: datetime | None = None,
    reference_files: Mapping[str, str] | None = None,
    judged: Judged | None = None,
    also: Callable[[Path], object] = lambda _: None,
) -> Path:
    """Write release ``release_id`` below ``releases`` and point ``latest`` at it; returns its folder.

    The folder holds ``parity.duckdb``, ``parity-public.duckdb`` (schema ``public`` alone, for readers who may see
    nothing exact), Parquet and CSV of the marts and public tables in total order (the same rows give the same
    bytes), open data in NHS England's layout, what changed since the release before (``warehouse.history``), what
    ``also`` writes into it, and ``manifest.json`` with ``manifest``, row counts and SHA-256 of every file. A file
    that the release before has too is one file with two names (``warehouse.sharing``). The folder appears whole or
    not at all. A release that exists is left as it is. ``manifest.json`` names the submissions, the hash of the
    inputs and the version of the code that the copied file itself records. ``at`` is the time (UTC),
    ``reference_files`` has the hashes of the files of reference data, ``judged`` the rules and what they found.
    Readers of the old ``latest`` keep the file they opened. Raises ReleaseError when ``check_draft`` or the
    screener finds a problem, or ``manifest`` says otherwise than the file.
    """
    target = releases / release_id
    if not (target / MANIFEST).is_file():
        problems = check_draft(draft, secret)
        if problems:
            raise ReleaseError("The draft cannot be published: " + "; ".join(problems))
        partial = releases / f".partial-{release_id}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        shutil.copyfile(draft, partial / DATABASE)
        held = _held(partial / DATABASE, manifest)
        said = Said(releases, _current(latest), at, reference_files or {}, judged or Judged())
        before = releases / said.current if said.current else None
        rows = _finish(partial, release_id, str(held["inputs_hash"]), said, before)
        write_public(partial / DATABASE, partial / PUBLIC_DATABASE)
        also(partial)
        _write_open(partial)
        share(partial, before)
        write_manifest(partial, {**manifest, **held, "release_id": release_id, "rows": rows})
        close(partial)
        partial.replace(target)
        sync(releases)
    _point(latest, target / DATABASE)
    return target


def _held(database: Path, manifest: Mapping[str, object]) -> dict[str, object]:
    """What the copied file says it is made of. Raises ReleaseError where ``manifest`` says otherwise."""
    with duckdb.connect(str(database), read_only=True) as con:
        inputs = recorded_in(con)
    held: dict[str, object] = {
        "code_version": inputs.code_version, "inputs_hash": inputs.digest, "submissions": inputs.submission_ids
    }  # fmt: skip
    different = sorted(name for name, value in held.items() if manifest.get(name, value) != value)
    if different:
        raise ReleaseError(
            f"The draft is not what its manifest names ({', '.join(different)} differ): it was built again "
            "meanwhile. Run parity publish again."
        )
    return held


def _current(latest: Path) -> str | None:
    """The name of the release that is current until this one is; ``None`` where there is none."""
    if not latest.exists():
        return None
    with duckdb.connect(str(latest), read_only=True) as con:
        ((name,),) = con.execute("SELECT release_id FROM meta.build").fetchall()
    return str(name)


def _finish(folder: Path, release_id: str, inputs_hash: str, said: Said, before: Path | None) -> dict[str, int]:
    """Stamp the copied file, say what changed since the release before, leave out what only the next build needs,
    export the marts, and share those of the release in ``before`` that are the same; returns rows by table.
    """
    # One thread: row groups, and so bytes, must not depend on who was faster.
    with duckdb.connect(str(folder / DATABASE), config=writing(threads=1)) as con:
        con.execute("UPDATE meta.build SET release_id = ?, inputs_hash = ?", [release_id, inputs_hash])
        keep(con, folder, release_id, said)
        note_rules(con, said.judged)
        leave_out_working_counts(con)
        write_tables(con, folder, release_id, before)
        con.execute("CHECKPOINT")
        return {table: n for schema in SCHEMAS for table, n in count_rows(con, schema).items()}


def _write_open(folder: Path) -> None:
    """Write what the file shows to the public in other forms. Raises ReleaseError where the screener objects."""
    with duckdb.connect(str(folder / DATABASE), read_only=True) as con:
        write_open_data(con, folder / OPEN_DATA)
    screened(folder)


def _point(latest: Path, database: Path) -> None:
    if latest.exists() and latest.samefile(database):
        return
    latest.parent.mkdir(parents=True, exist_ok=True)
    waiting = latest.with_name(f".{latest.name}.next")
    waiting.unlink(missing_ok=True)
    second_name(str(database), str(waiting))
    sync(waiting)
    waiting.replace(latest)
    sync(latest.parent)


def _tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {
        f"{schema}.{table}"
        for schema, table in con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
        ).fetchall()
    }


def _unconserved(con: duckdb.DuckDBPyConnection) -> list[str]:
    staged = dict(
        con.execute("SELECT table_id, sum(records) FROM core.submission_table GROUP BY table_id").fetchall()
    )
    problems = []
    for table_id, query in CONSERVED.items():
        row = con.execute(query).fetchone()
        kept, sent = int((row[0] if row else 0) or 0), int(staged.get(table_id, 0))
        if kept != sent:
            problems.append(f"{table_id}: {sent} rows staged, {kept} accounted for in core")
    return problems


def _repeated_grains(con: duckdb.DuckDBPyConnection, present: set[str]) -> list[str]:
    problems = []
    for table, keys in sorted(grain_keys().items()):
        if table in present:
            row = con.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY {', '.join(keys)} HAVING count(*) > 1)"
            ).fetchone()
            if row and row[0]:
                problems.append(f"{table}: {row[0]} keys ({', '.join(keys)}) occur more than once")
    return problems


def _wrong_totals(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Levels of which the organisations do not add up to England, and shares above 1."""
    differing = con.execute(
        """
        WITH total AS (
            SELECT level, period_type, period_start, pathway, measure,
                coalesce(sum(numerator), 0) AS numerator, coalesce(sum(denominator), 0) AS denominator
            FROM mart.service_measure
            WHERE measure IN (SELECT measure FROM mart.measure WHERE kind NOT IN ('median', 'p90'))
            GROUP BY level, period_type, period_start, pathway, measure
        )
        SELECT t.level, count(*)
        FROM total AS t
        INNER JOIN total AS e
            ON e.level = 'England' AND e.period_type = t.period_type AND e.period_start = t.period_start
            AND e.pathway = t.pathway AND e.measure = t.measure
        WHERE t.numerator <> e.numerator OR t.denominator <> e.denominator
        GROUP BY t.level ORDER BY t.level
        """
    ).fetchall()
    above = con.execute(
        "SELECT count(*) FROM mart.service_measure WHERE numerator > denominator "
        "AND measure IN (SELECT measure FROM mart.measure WHERE kind = 'share')"
    ).fetchone()
    problems = [f"mart.service_measure: {rows} {level} totals are not England's" for level, rows in differing]
    if above and above[0]:
        problems.append(f"mart.service_measure: {above[0]} rows count more than their denominator")
    return problems


def _uncommented(con: duckdb.DuckDBPyConnection) -> list[str]:
    bare = con.execute(
        f"""
        SELECT schema_name || '.' || table_name
        FROM duckdb_tables() WHERE database_name = current_database() AND comment IS NULL
        UNION ALL
        SELECT schema_name || '.' || table_name || '.' || column_name
        FROM duckdb_columns()
        WHERE database_name = current_database() AND NOT internal AND comment IS NULL AND NOT {COUNTS}
        ORDER BY ALL
        """
    ).fetchall()
    return [f"no comment on {name}" for (name,) in bare]
