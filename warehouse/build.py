"""Building the warehouse: the current submissions in, one draft DuckDB file out.

Belongs here: which providers are built, which models make a part of the build and the connections they run on.
Does not belong here: what a model says (``*/*.sql``), their order (``order``), counting measures
(``warehouse.measures``) and publishing (``warehouse.release``).

Nothing in core looks beyond its provider and those it took the place of. So core is built a batch of providers at
a time, in memory, and appended to the draft. Memory follows the batch, not the nation. A new submission rebuilds
its provider only, and those that a merger connects to it (decisions 0012 and 0026).
"""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import duckdb

from schemas.errors import ForThePerson
from schemas.month import last_day
from schemas.sql import quoted
from warehouse.capacity.tables import build_capacity
from warehouse.columns import apply_contract
from warehouse.comparison.case_mix import build_case_mix
from warehouse.comparison.charts import MARTS as CHARTS
from warehouse.comparison.charts import chart_steps
from warehouse.comparison.effect import create_effect_macros
from warehouse.comparison.statistics import create_macros
from warehouse.comparison.waiting import MARTS as WAITING
from warehouse.comparison.waiting import build_waiting
from warehouse.compat import create_compat
from warehouse.disclosure.public import build_public
from warehouse.examples import create_examples
from warehouse.field_quality import summarise_fields
from warehouse.history.keeping import TABLES as HISTORY
from warehouse.kept import create_made_from
from warehouse.lookups import load_reference
from warehouse.measures.catalogue import GRAINS, Measure, catalogue
from warehouse.measures.counting import counting_tasks, create_monthly_counts, described, grain_tables
from warehouse.measures.listing import create_measures, list_items, mark_tried_out
from warehouse.measures.moved import note_counts
from warehouse.measures.origins import create_lineage
from warehouse.measures.passes import passes
from warehouse.measures.reference_group import create_reference_groups
from warehouse.measures.rollup import described_figures, roll_up, rolled_up
from warehouse.merging import Successors, groups_of, join_courses
from warehouse.models import model_names, models_of, read_sql
from warehouse.order import in_order, is_view, model_task, run
from warehouse.organisations.importing import reference_digest
from warehouse.organisations.places import load_places, successors_among
from warehouse.parallel import Task, run_tasks
from warehouse.parts import PART_BYTES, Part, Spread, folder_of_parts, put_together, tables_in, write_reference
from warehouse.payment.tables import build_payment
from warehouse.promised import create_promised
from warehouse.published import create_published
from warehouse.quality_items import create_items
from warehouse.rules import TABLES as RULES
from warehouse.staging import StagedSubmission, check_current, name_files, stage
from warehouse.storage import Config, writing
from warehouse.trajectories.building import MARTS as TRAJECTORIES
from warehouse.trajectories.building import build_trajectories

__all__ = ["StagedSubmission", "add_up", "build_core", "build_marts", "complete", "open_draft"]

# Bytes of staged Parquet built at a time; a provider is never split, nor parted from its successor. About 0.9 M
# contacts: batches a third of that took 1.6 x as long, since DuckDB works on whole row groups of 122,880 rows, one
# core for each.
BATCH_BYTES = 300_000_000
# Tables of schema mart that outlast a build. Those who make them take out what must be made again.
_STAY = ("mart.service_measure", *CHARTS, *WAITING, *TRAJECTORIES)
# How DuckDB names the process that holds a file: «Conflicting lock is held in PROGRAM (PID 4711)».
_PROCESS = re.compile(r"\(PID (\d+)\)")


class DraftOpen(ForThePerson):
    """Another program has the draft open. It is left as it is."""


@contextmanager
def _by_others(draft: Path) -> Iterator[None]:
    """Raise DraftOpen where DuckDB cannot open the draft because another program has it open."""
    try:
        yield
    except duckdb.IOException as error:
        if "Could not set lock" not in str(error):
            raise
        process = _PROCESS.search(str(error))
        raise DraftOpen(
            f"{draft.name} is open in another program{f', process {process[1]}' if process else ''}. Close it "
            "there and run the same command again. To look at figures, open warehouse.duckdb: it is never written."
        ) from None


@contextmanager
def open_draft(
    draft: Path, *, memory_limit: str | None = None, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writing connection to the draft, with a catalog ``work`` for what does not stay.

    ``memory_limit`` as DuckDB writes it ("2GB"); beyond it DuckDB spills beside the draft.
    """
    with _by_others(draft):
        con = duckdb.connect(str(draft), config=_config(memory_limit, threads))
    try:
        con.execute("ATTACH ':memory:' AS work")
        yield con
    finally:
        con.close()


@cache
def core_models() -> tuple[str, ...]:
    """The models of a batch, in order: ``core``, ``monthly_count``, and the steps that they and grains read."""
    of_grains = {name for grain in GRAINS for name in grain_tables(grain)} & set(model_names())
    return tuple(in_order({*models_of("core"), *models_of("monthly_count"), *of_grains}))


def build_core(
    draft: Path,
    current: Sequence[StagedSubmission],
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    organisations: Mapping[str, str] | None = None,
    reference: Path | None = None,
    built_with: str | None = None,
    measures: Sequence[Measure] | None = None,
    spread: Spread | None = None,
    part_memory: str | None = None,
) -> dict[str, int]:
    """Bring the draft's ``ref``, ``core`` and ``monthly_count`` up to the current submissions, with an empty
    ``published``.

    ``reference`` holds the imported reference data, ``organisations`` adds names by ODS code; a provider without
    one keeps its code. ``built_with`` names the code and the reference data: a whole draft made with the same is
    kept, and only providers whose submissions changed are built again; without it, or after a build that was cut
    off, everything is. ``measures`` are counted into the monthly counts, the catalogue's when not given: marts need
    those. With ``spread`` batches become parts, each built by one thread with ``part_memory`` wherever that is
    (``warehouse.parts``), if there is more than one. Returns the rows of every core table. Raises StagingError when
    there is more than one submission per provider and month or their files are not theirs.
    """
    check_current(current)
    counted = catalogue() if measures is None else measures
    digest = reference_digest(reference)  # before they are read: files that change meanwhile are the next build's
    successors = _successors(current, reference)
    stale = _stale_providers(draft, current, built_with, successors)
    if stale is None:
        for leftover in (draft, draft.with_name(draft.name + ".wal")):
            leftover.unlink(missing_ok=True)
        draft.parent.mkdir(parents=True, exist_ok=True)
    with open_draft(draft, memory_limit=memory_limit, threads=threads) as con:
        con.execute("CREATE SCHEMA IF NOT EXISTS meta; DROP TABLE IF EXISTS meta.build")
        con.execute("DROP SCHEMA IF EXISTS ref CASCADE; CREATE SCHEMA ref")
        con.execute("CREATE SCHEMA IF NOT EXISTS core; CREATE SCHEMA IF NOT EXISTS monthly_count")
        load_reference(con, current, organisations or {}, reference)
        con.execute(read_sql("ref.deprivation_area"))
        if stale is not None:
            _forget(con, stale, counted)
    wanted = [submission for submission in current if stale is None or submission.provider in stale]
    batches = _batches(wanted, successors, PART_BYTES if spread else BATCH_BYTES)
    if spread is not None and len(batches) > 1:
        with folder_of_parts(draft) as folder, open_draft(draft, memory_limit=memory_limit, threads=threads) as con:
            common = write_reference(con, folder)
            parts = [
                Part(folder / f"{number:05}.duckdb", common, tuple(batch), successors, tuple(counted), part_memory)
                for number, batch in enumerate(batches)
            ]
            put_together(con, spread(build_part, parts))
    else:
        for batch in batches or ([] if stale is not None else [[]]):
            _build_batch(draft, batch, counted, successors, _config(memory_limit, threads))
    with open_draft(draft, memory_limit=memory_limit, threads=threads) as con:
        create_published(con)
        for model in ("meta.build", *HISTORY, *RULES):
            con.execute(read_sql(model))
        con.execute("UPDATE meta.build SET built_with = ?, reference_data = ?", [built_with, digest or None])
        return count_rows(con, "core")


def build_part(part: Part) -> None:
    """Core and monthly counts of the providers of a part, in its file, which is there only when it is complete."""
    beside = part.file.with_name(f"{part.file.name}.{secrets.token_hex(4)}")
    with duckdb.connect(str(beside), config=_config(None, 1)) as con:
        con.execute("CREATE SCHEMA core; CREATE SCHEMA monthly_count")
    config = _config(part.memory_limit, 1)
    _build_batch(beside, part.current, part.measures, part.successors, config, part.reference)
    beside.replace(part.file)


def build_marts(
    draft: Path,
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    measures: Sequence[Measure] | None = None,
) -> dict[str, int]:
    """Add up the monthly counts, compare services and write schema ``mart``; replaces an earlier one.

    ``measures`` are those that core was built with. Returns the rows of every mart table.
    """
    counted = catalogue() if measures is None else measures
    with open_draft(draft, memory_limit=memory_limit, threads=threads) as con:
        add_up(con, counted)
        create_reference_groups(con, counted)
        create_made_from(con)
        views = con.execute("SELECT 'mart.' || view_name FROM duckdb_views() WHERE schema_name = 'mart'").fetchall()
        # What reads a view that stays still comes after what the view reads.
        stay: dict[str, Callable[[duckdb.DuckDBPyConnection], object]] = {name: lambda _: None for (name,) in views}
        run(con, set(models_of("mart")) - set(rolled_up()), {**stay, **chart_steps()})
        build_case_mix(con)
        build_waiting(con)
        build_payment(con)
        build_trajectories(con)
        build_capacity(con)
        return count_rows(con, "mart")


def add_up(con: duckdb.DuckDBPyConnection, measures: Sequence[Measure]) -> None:
    """The first part of ``build_marts``: the catalogue, the places and the figures of every organisation.

    ``con`` writes a draft with core; ``measures`` are those that it was built with.
    """
    _clear_marts(con)
    create_macros(con)
    create_effect_macros(con)
    create_measures(con, measures)
    mark_tried_out(con)
    create_items(con)
    list_items(con)
    load_places(con)
    roll_up(con, measures)


def complete(
    draft: Path,
    *,
    secret: str,
    protected_with: str = "",
    code_version: str = "",
    memory_limit: str | None = None,
    threads: int | None = None,
    measures: Sequence[Measure] | None = None,
) -> dict[str, int]:
    """Add the schemas for other readers: the public, the promised and the national schemas, and comments.

    ``secret`` decides the random errors of public figures (``warehouse.disclosure``); ``protected_with`` is its
    fingerprint, ``code_version`` that of all that was built. Comments are written last and are complete. Returns
    the rows of every public table. Raises ContractError when a table or column has no description or a description
    has no column.
    """
    counted = catalogue() if measures is None else measures
    with open_draft(draft, memory_limit=memory_limit, threads=threads) as con:
        create_compat(con)
        build_public(con, secret)
        create_promised(con)
        create_lineage(con, counted)
        create_examples(con)
        apply_contract(con, [*described(counted), *described_figures()])
        con.execute("UPDATE meta.build SET protected_with = ?, code_version = ?", [protected_with, code_version])
        return count_rows(con, "public")


def count_rows(con: duckdb.DuckDBPyConnection, schema: str) -> dict[str, int]:
    """Rows of every table of a schema of the draft, by ``schema.table``."""
    counts: dict[str, int] = {}
    for name in tables_in(con, schema):
        row = con.execute(f"SELECT count(*) FROM {name}").fetchone()
        assert row is not None
        counts[name] = int(row[0])
    return counts


def _config(memory_limit: str | None, threads: int | None) -> Config:
    config = writing(
        preserve_insertion_order="false",  # Every table is a set; not keeping input order saves memory.
        # A draft that is cut off is not used, so nothing is gained by moving its log into the tables every 16 MB. A
        # month of 36 providers took 17.4 and 17.7 processor seconds so, and 16.2 and 16.3 with 128 MB or 1 GB. That
        # of 256 MB alone was not measured. The peak of a month rose from 909 to 1,102 MB (decision 0057).
        checkpoint_threshold="256MB",
        autoinstall_known_extensions="false",
        autoload_known_extensions="false",
        # The first looks for sets that follow from others, as ours do not: 19 sets took 0.64 s to plan, 0.01
        # without it. The second groups rows before a join: before they are joined with where they are from, 2.4 M
        # rows of quantiles are 2.1 M groups. Marts of a month of 36 providers took 18.0 processor seconds with it,
        # and 16.5 without.
        disabled_optimizers="grouping_sets,partial_aggregate_pushdown",
    )
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    if threads is not None:
        config["threads"] = threads
    return config


def _successors(current: Sequence[StagedSubmission], reference: Path | None) -> Successors:
    """Which providers of these submissions took the place of which, as of the end of the last month."""
    if not current:
        return {}
    as_of = last_day(max(submission.month for submission in current))
    return successors_among({submission.provider for submission in current}, reference, as_of)


def _stale_providers(
    draft: Path, current: Sequence[StagedSubmission], built_with: str | None, successors: Successors
) -> set[str] | None:
    """Providers that differ from those of the draft, with all that a merger connects to them; None if the draft
    cannot be used.

    A provider differs by its current submissions, or by who has taken its place: a later month of any provider can
    bring the day of a merger.
    """
    if built_with is None or not draft.exists():
        return None
    try:
        with _by_others(draft):
            con = duckdb.connect(str(draft), read_only=True)
        with con:
            if con.execute("SELECT built_with FROM meta.build").fetchall() != [(built_with,)]:
                return None
            found = con.execute(
                "SELECT provider, month, submission_id, received_on, made_with FROM core.submission"
            ).fetchall()
            succeeded = con.execute("SELECT provider, successors FROM core.provider").fetchall()
    except duckdb.Error:  # interrupted build: meta.build is deleted first and written last
        return None
    wanted = {(w.provider, w.month, w.submission_id, w.received_on, w.made_with or None) for w in current}
    changed = {provider for provider, *_ in wanted.symmetric_difference(found)}
    joined = {(provider, " ".join(successors.get(provider, ())) or None) for provider, *_ in wanted}
    changed |= {provider for provider, _ in joined.symmetric_difference(succeeded)}
    group = groups_of({*changed, *(submission.provider for submission in current)}, successors)
    return {provider for provider, name in group.items() if name in {group[each] for each in changed}}


def _forget(con: duckdb.DuckDBPyConnection, providers: set[str], measures: Sequence[Measure]) -> None:
    """Take the rows of these providers out of core and the monthly counts, and note which they are.

    Where they counted stays, and what they counted is noted: ``roll_up`` asks for it.
    """
    note_counts(con, providers, measures)
    tables = con.execute(
        "SELECT schema_name, table_name FROM duckdb_columns() WHERE database_name = current_database() "
        "AND schema_name IN ('core', 'monthly_count') AND column_name = 'provider' AND table_name <> 'place' "
        "ORDER BY ALL"
    ).fetchall()
    for schema, table in tables:
        con.execute(f'DELETE FROM {schema}."{table}" WHERE provider IN (SELECT unnest(?))', [sorted(providers)])


def _clear_marts(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what schema ``mart`` has except what is made again only in part (``_STAY``), and views.

    A view says the same in every build of this code: ten of them took 0.4 s to bind.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS mart")
    found = con.execute(
        "SELECT 'TABLE', table_name FROM duckdb_tables() "
        "WHERE schema_name = 'mart' AND 'mart.' || table_name NOT IN (SELECT unnest(?)) "
        "UNION SELECT 'MACRO', function_name FROM duckdb_functions() "
        "WHERE schema_name = 'mart' AND function_type = 'macro' ORDER BY ALL",
        [_STAY],
    ).fetchall()
    for kind, name in found:
        con.execute(f'DROP {kind} mart."{name}"')


def _batches(
    current: Sequence[StagedSubmission], successors: Successors, size_of_batch: int
) -> list[list[StagedSubmission]]:
    """The submissions in batches of about ``size_of_batch`` bytes, each provider whole in one of them, with its
    successors.
    """
    batches: list[list[StagedSubmission]] = []
    room = 0
    group = groups_of({submission.provider for submission in current}, successors)
    together: dict[str, list[StagedSubmission]] = {}
    for submission in sorted(current, key=lambda w: w.provider_month):
        together.setdefault(group[submission.provider], []).append(submission)
    for _, merged in sorted(together.items()):
        size = sum(file.stat().st_size for submission in merged for file in submission.folder.glob("*.parquet"))
        if not batches or size > room:
            batches.append([])
            room = size_of_batch
        batches[-1] += merged
        room -= size
    return batches


def _build_batch(
    draft: Path,
    current: Sequence[StagedSubmission],
    measures: Sequence[Measure],
    successors: Successors,
    config: Config,
    reference: Path | None = None,
) -> None:
    """Core and monthly counts of some providers, made in memory and appended to the draft.

    ``reference`` is a file with schema ``ref``, where the draft has none.
    """
    spill = draft.with_name(draft.name + ".tmp")
    with duckdb.connect(":memory:", config=config | {"temp_directory": str(spill)}) as con:
        con.execute("ATTACH ':memory:' AS work; ATTACH ':memory:' AS staged")
        con.execute(f"ATTACH {quoted(str(draft))} AS draft")  # which takes no bound values
        con.execute("CREATE SCHEMA core; CREATE SCHEMA ref; CREATE SCHEMA monthly_count")
        if reference is not None:
            con.execute(f"ATTACH {quoted(str(reference))} AS reference (READ_ONLY)")
        referred = "draft" if reference is None else "reference"
        for table in tables_in(con, "ref", referred):
            con.execute(f"CREATE VIEW {table} AS FROM {referred}.{table}")
        # Files are opened two or three times: 2,400 footers cost 0.3 s less from the second time on.
        con.execute("SET GLOBAL parquet_metadata_cache = true")
        stage(con, current)
        own = {submission.provider for submission in current}
        join_courses(con, {provider: chain for provider, chain in successors.items() if provider in own})
        create_monthly_counts(con, measures)
        tasks = [Task("work.field_summary", (), summarise_fields), *map(model_task, core_models())]
        counted = counting_tasks(measures)
        made = {name: {name} for name in core_models() if not name.startswith("work.")}
        made |= {name: {task.name for task in counted} for name in tables_in(con, "monthly_count")}
        for each in passes(measures):
            made |= {f"monthly_count.{table}": {f"monthly_count.{each.name}"} for table in each.tables}
        there = {*tables_in(con, "core", "draft"), *tables_in(con, "monthly_count", "draft")}
        appended = [
            Task(f"append {name}", needs, partial(_append, table=name, is_there=name in there))
            for name, needs in made.items()
        ]
        working = [*tasks, *counted, *appended]
        run_tasks(con, [*working, *dropping(working)], prepare=name_files)


def dropping(tasks: Sequence[Task]) -> Iterator[Task]:
    """Dropping each table of the batch as soon as no task will read it.

    With 2 GB of memory, 18 providers of 12 months wrote up to 575 MB beside the draft, and so 209.

    What is read through a view is read by who reads the view.
    """
    readers: dict[str, set[str]] = {}
    for task in tasks:
        for name in task.needs:
            readers.setdefault(name, set()).add(task.name)
    views = {name for name in core_models() if is_view(name)}

    def all_readers(name: str) -> set[str]:
        own = readers.get(name, set())
        return own.union(*(all_readers(view) for view in own & views))

    for name in core_models():
        if name not in views and (found := all_readers(name)):
            yield Task(f"drop {name}", {name, *found}, partial(_drop, table=name), is_first=True)


def _drop(con: duckdb.DuckDBPyConnection, table: str) -> None:
    con.execute(f"DROP TABLE {table}")


def _append(con: duckdb.DuckDBPyConnection, table: str, *, is_there: bool) -> None:
    """Append a table of the batch to that of the draft, or make it there.

    Without ``referral_number`` and ``contact_number``, which are valid only in the batch. One statement a table:
    planning a second took a tenth of the build of a few rows.
    """
    kept = f"SELECT COLUMNS(lambda name: name NOT IN ('referral_number', 'contact_number')) FROM {table}"
    con.execute(f"INSERT INTO draft.{table} {kept}" if is_there else f"CREATE TABLE draft.{table} AS {kept}")
