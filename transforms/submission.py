"""All tables of one submission checked together: first the header, which has the provider, month and version.

Belongs here: reading the header, checking every table against the rules of its period, and deciding whether the
file is rejected. Does not belong here: finding files (``pipelines``), running rules (``transforms.validate``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache, partial
from typing import Any

import polars as pl

from schemas.dataset import TABLES
from schemas.gate import GATE, refusing
from schemas.links import RECORDS, looks_up, named_by
from schemas.month import ProviderMonth, last_day, month_of, month_text
from schemas.rule import Effect, Rule
from schemas.ruleset import rules_for, ruleset
from schemas.table import Table
from schemas.versions import Version
from transforms.cascade import rejected_by_cascade
from transforms.cast import with_typed
from transforms.causes.cause import Cause
from transforms.causes.explained import with_causes
from transforms.causes.search import search
from transforms.changes import Changes, TableRows, compared
from transforms.findings import IS_NOTE, file_finding, no_findings
from transforms.leaving import LOST, TOKEN, ContractBroken, Leaving, Staging, leaving
from transforms.normalise.cells import Looking, Read, normalised
from transforms.normalise.notes import notes
from transforms.plausible.answers import Answer
from transforms.plausible.profile import Counting, Profile
from transforms.pseudonymise import BESIDE, Origin
from transforms.receive.table import Received
from transforms.related import KEY, ROW, ROW_TYPE, Related, as_known, with_refused
from transforms.repair import GROUPS, Links
from transforms.said_once import said_once
from transforms.validate import Checked, check_named, check_rows, counted_tables, rejected_rows

Opener = Callable[[Table, Version | None], Received | None]
"""Gives a table's rows as received under a dataset version; ``None`` where the submission has no such file."""

# Without a usable header every code that was ever valid is accepted, so that other problems are still reported.
_ANY_TIME = (date(2012, 4, 1), date(2199, 12, 31))


@dataclass(frozen=True)
class Header:
    """The values of the header; ``None`` for a value that is not usable."""

    provider: str | None = None
    start: date | None = None
    end: date | None = None
    version: Version | None = None

    @property
    def is_usable(self) -> bool:
        """Whether provider, month and version are all known."""
        return None not in (self.provider, self.start, self.end, self.version)

    @property
    def provider_month(self) -> ProviderMonth | None:
        """Provider and month of the submission; ``None`` if the header does not have both."""
        return ProviderMonth(self.provider, month_of(self.start)) if self.provider and self.start else None


@dataclass(frozen=True)
class SubmissionChecked:
    """Every record of one submission, with its findings.

    ``tables`` has one entry per submitted table. ``findings`` is the findings frame over all of them, file
    findings first. ``received`` gives the rows again for later steps. ``links`` says of rejected records what a
    correction brings back (``transforms.repair``). ``causes`` are what explains several findings at once; each is a
    finding too, before all others. ``changes`` since earlier submissions, where they are known. ``profile`` counts
    the rows, where it was asked for and the header says whose month it is. ``answers`` came with it, to questions
    that its counts raise. ``is_as_written``: nothing was read as what it means, and what would be noted rejects the
    file.
    """

    header: Header
    tables: dict[str, Checked]
    findings: pl.DataFrame
    received: dict[str, Received]
    links: Links = field(default_factory=Links)
    causes: tuple[Cause, ...] = ()
    changes: tuple[Changes, ...] = ()
    profile: Profile | None = None
    answers: tuple[Answer, ...] = ()
    is_as_written: bool = False

    @property
    def is_file_rejected(self) -> bool:
        """Whether the whole submission is rejected."""
        return (self.findings["effect"] == Effect.REJECT_FILE.value).any()

    @property
    def heaviest(self) -> Effect | None:
        """The most serious effect among the findings; ``None`` for a clean submission."""
        present = set(self.findings["effect"].unique())
        return next((effect for effect in Effect if effect.value in present), None)

    @property
    def rules(self) -> dict[str, Rule]:
        """Every rule it was checked against, by id, the gate's included. A cause has the effect it has here. So has
        what would be a note, where all is taken as written.
        """
        every = ruleset(self.header.version or Version.IAPT_2_0, *period_of(self.header))
        if self.is_as_written:
            every |= {name: refusing(rule) for name, rule in every.items() if rule.effect is Effect.NOTE}
        return every | {cause.rule.id: cause.rule for cause in self.causes}

    def counts(self) -> dict[str, dict[str, int]]:
        """Per table: rows_in, accepted, rejected. A rejected file accepts nothing."""
        refused = self.is_file_rejected
        return {
            table_id: {
                "rows_in": checked.rows_in,
                "accepted": 0 if refused else checked.accepted,
                "rejected": checked.rows_in if refused else len(checked.rejected),
            }
            for table_id, checked in self.tables.items()
        }


def period_of(header: Header) -> tuple[date, date]:
    """The reporting period whose codes are valid; any time if the header is not usable."""
    return (header.start, header.end) if header.start and header.end else _ANY_TIME


def check_submission(
    opener: Opener,
    named: ProviderMonth | None,
    gate: Sequence[pl.DataFrame],
    received_at: datetime | None = None,
    staging: Staging | None = None,
    *,
    is_profiled: bool = False,
    is_as_written: bool = False,
) -> SubmissionChecked:
    """Check every table that ``opener`` gives, against all rules at once.

    ``gate`` has earlier findings. ``named`` is the provider and month in the submission's name, and the header
    must agree with it. ``received_at`` (UTC) is when the submission was received. With ``staging``, rows are
    written without identifiers while they are checked (``transforms.leaving``), unless the header is unusable.
    ``is_profiled``: rows are also counted by table and code, for a comparison with the service's own months.
    Values that are spelled otherwise than declared are read as what they plainly mean, with a note, unless
    ``is_as_written``. Raises ContractBroken if the contract rejects one of these rows and no finding does.
    """
    header_rows, header_read = _plain_header(opener(TABLES["IDS000"], None), is_as_written=is_as_written)
    header, values, header_findings = _read_header(header_rows, named)
    version, period = header.version or Version.IAPT_2_0, period_of(header)
    rules, names = _asked_of(version, *period)
    progress = _Progress(Related(values, received_at, {}), period=None if is_as_written else period)
    progress.read += header_read
    if is_profiled and header.start is not None and header.provider is not None:
        progress.counting = Counting(header.start)
    if staging is not None and header.is_usable and header.provider_month is not None:
        origin = Origin(staging.submission_id, header.provider_month)
        progress.leave = partial(leaving, known=progress.related.known, origin=origin, staging=staging)
    for table in TABLES.values():
        rows = header_rows if table.id == "IDS000" else opener(table, header.version)
        _check_table(rows, table, rules[table.id], names.get(table.id, ()), progress)
        for done in _let_go_after(table.id, version, *period):
            progress.related.known.pop(done, None)
    _check_named(rules, progress)
    if staging is not None:
        staging.held.hold()
    tables, links = _conclude(progress)
    hold_to_contract(tables, progress.refused)
    findings = [*gate, *header_findings, *(checked.findings for checked in tables.values()), *notes(progress.read)]
    if tables or not gate:  # a submission that could not be opened has no missing tables
        known = {
            *tables,
            *(table_id for found in gate for table_id in found["table"].drop_nulls()),
        }  # refused: there
        absent = [table.id for table in TABLES.values() if table.is_required and table.id not in known]
        findings += [file_finding(GATE["GATE-TABLE-MISSING"], table_id) for table_id in absent]
    found = pl.concat([no_findings(), *findings])
    together = _file_findings_first(said_once(_refused(found) if is_as_written else found))
    of = header.provider_month
    profile = progress.counting.profile(of) if progress.counting and of else None
    submission = SubmissionChecked(
        header, tables, together, progress.received, links, profile=profile, is_as_written=is_as_written
    )
    return _with_causes(_refuse_if_nothing_stands(submission), progress.kept)


def since_then(earlier: SubmissionChecked, now: SubmissionChecked, name: str) -> SubmissionChecked:
    """``now`` with what changed since an earlier submission, record by record. ``name`` says which one that was.

    The rows of both must still be there. A table that could not be read in one of the two is not compared.
    """
    unread = {table_id for each in (earlier, now) for table_id, got in each.received.items() if got.rows is None}
    then, later = (
        {
            table_id: TableRows(got.rows, tuple(got.table.by_name), got.rows_in)
            for table_id, got in each.received.items()
            if got.rows is not None and table_id not in unread
        }
        for each in (earlier, now)
    )
    changes = compared(name, then, later, earlier.findings, now.findings)
    return replace(now, changes=(*now.changes, changes))


@cache
def _let_go_after(table_id: str, version: Version, start: date, end: date) -> list[str]:
    """Tables that this one is the last to name. Their known values, 80 bytes a row, are no longer needed.

    Tables that count records are checked again at the end, and keep the tables they name.
    """
    rules, _ = _asked_of(version, start, end)
    order = list(TABLES)
    kept = {named for id_, of_table in rules.items() if counted_tables(of_table) for named in looks_up(TABLES[id_])}
    namers = {named: set(named_by(named)) for named in TABLES if named not in kept}
    return [named for named, by in namers.items() if by and max(by, key=order.index) == table_id]


@dataclass
class _Progress:
    """What is known of a submission so far, table by table; without a ``period`` values are taken as written."""

    related: Related
    received: dict[str, Received] = field(default_factory=dict)
    findings: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    kept: dict[str, pl.DataFrame] = field(default_factory=dict)
    refused: dict[str, pl.Series] = field(default_factory=dict)
    refused_naming: dict[tuple[str, str], pl.Series] = field(default_factory=dict)
    groups: list[pl.DataFrame] = field(default_factory=list)
    leave: Callable[[Table, str | None], Leaving] | None = None
    counting: Counting | None = None
    period: tuple[date, date] | None = None
    read: list[Read] = field(default_factory=list)


@cache
def _asked_of(
    version: Version, start: date, end: date
) -> tuple[dict[str, tuple[Rule, ...]], dict[str, tuple[str, ...]]]:
    """Per table its rules; and per table that others name, its key, then the fields that their rules look at."""
    rules = {table_id: rules_for(table_id, version, start, end) for table_id in TABLES}
    looked_at = {pair for of_table in rules.values() for rule in of_table for pair in rule.related}
    looked_at.update(pair for pairs in BESIDE.values() for pair in pairs)
    found = {}
    for table in TABLES.values():
        keys = {key for _, key in named_by(table.id).values()}
        if keys:
            (key,) = keys  # every link to a table names it by the same field
            fields = sorted(name for other, name in looked_at if other == table.id and name in table.by_name)
            found[table.id] = (key, *(name for name in fields if name != key))
    return rules, found


def _check_table(
    rows: Received | None, table: Table, rules: Sequence[Rule], names: Sequence[str], progress: _Progress
) -> None:
    """The table checked against its rules. Values that other tables will use are kept."""
    if rows is None or rows.rows is None:
        return _note_unread(rows, table, names, progress)
    gate = pl.concat([no_findings(), *rows.findings])
    way_out = progress.leave(table, names[0] if names else None) if progress.leave else None
    try:
        looking = Looking(progress.period, rows.around) if progress.period else None
        found, kept, refused, groups, normalised = check_rows(
            rows.rows, table, rules, progress.related, names, way_out, progress.counting, looking,
            is_small=rows.is_in_memory,
        )  # fmt: skip
        read = kept.height
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        read = -1
    no_records = gate.height - gate["row_number"].null_count()
    if read + no_records != rows.rows_in:
        assert rows.otherwise is not None, table.id  # what is read record by record is counted there
        return _check_table(rows.otherwise(), table, rules, names, progress)
    if normalised is not None:
        rows = replace(rows, rows=normalised.rows)
        progress.read += normalised.read
    progress.received[table.id], progress.findings[table.id] = rows, [gate, found]
    progress.refused[table.id] = refused
    progress.groups.append(groups)
    own = [name for name in kept.columns if not (name in names or name == TOKEN or name.endswith(f"_{LOST}"))]
    progress.kept[table.id] = kept[own]
    if names:
        known = _for_others(kept, names, rejected_rows(found) if way_out else None)
        progress.related.known[table.id] = _with_refused(known, names[0], rows, is_left=way_out is not None)
    _note_refused(rows, progress)
    return None


def _with_refused(known: pl.DataFrame, key: str, rows: Received, *, is_left: bool) -> pl.DataFrame:
    """``known`` with the records that the gate refused, row by row: they were sent, and what belongs to them falls
    with them. ``is_left``: rows are written, and those of lost records are not.
    """
    refused = rows.refused.keys.filter(pl.col("field") == key)
    if refused.is_empty():
        return known
    together = with_refused(known, refused)
    if not is_left:
        return together
    was_lost = pl.col(LOST) if LOST in known.columns else pl.lit(False)
    is_refused = pl.col(ROW).is_in(refused["row_number"].cast(ROW_TYPE).implode())
    return together.with_columns((was_lost.fill_null(False) | is_refused).alias(LOST))


def _note_refused(rows: Received, progress: _Progress) -> None:
    """Which records of other tables those name that the gate refused, row by row: they were sent too."""
    if rows.refused.keys.is_empty():
        return
    for other, (here, _) in looks_up(rows.table).items():
        known = progress.related.known.get(other)
        refused = rows.refused.keys.filter(pl.col("field") == here)
        if known is not None and refused.height:
            named = refused.join(known, left_on="value", right_on=KEY).unique("row_number", keep="first")
            progress.refused_naming[other, rows.table.id] = named[ROW]


def _for_others(kept: pl.DataFrame, names: Sequence[str], rejected: pl.Series | None) -> pl.DataFrame:
    """What other tables use of these records; if rows are written, also which of them are lost (``rejected``)."""
    tokens = [TOKEN] if TOKEN in kept.columns else []
    known = as_known(kept, names[0], [*names[1:], *tokens])
    if rejected is None or not len(lost := _lost(kept, rejected)):
        return known
    return known.with_columns(pl.col(ROW).is_in(lost.implode()).alias(LOST))


def _note_unread(rows: Received | None, table: Table, names: Sequence[str], progress: _Progress) -> None:
    """The table has no rows to check. Its records are unknown to other tables, or none if it may be left out."""
    if rows is not None:
        progress.received[table.id] = rows
        progress.findings[table.id] = [pl.concat([no_findings(), *rows.findings])]
    if names:
        is_left_out = rows is None and not table.is_required
        progress.related.known[table.id] = _nobody(table, names) if is_left_out else None


def _lost(kept: pl.DataFrame, rejected: pl.Series) -> pl.Series:
    """The row numbers of records rejected so far, themselves or with their parent."""
    with_parent = [pl.col(name) for name in kept.columns if name.endswith(f"_{LOST}")]
    by_itself = pl.col("row_number").is_in(rejected.cast(ROW_TYPE).implode())
    return kept.filter(pl.any_horizontal(by_itself, *with_parent))["row_number"]


def _nobody(table: Table, names: Sequence[str]) -> pl.DataFrame:
    types = {KEY: pl.String(), ROW: ROW_TYPE} | {name: table.by_name[name].dtype for name in names[1:]}
    return pl.DataFrame(schema=types)


def _check_named(rules: Mapping[str, Sequence[Rule]], progress: _Progress) -> None:
    """Rules about how many records of other tables name a record. Skipped if those tables cannot be read."""
    for table_id, of_table in rules.items():
        if table_id not in progress.kept:
            continue
        counted = counted_tables(of_table)
        unreadable = {other for other in counted if other not in progress.kept and _is_missed(other, progress)}
        asked = [rule for rule in of_table if counted_tables([rule]) and not counted_tables([rule]) & unreadable]
        if not asked:
            continue
        numbers = progress.kept[table_id]["row_number"]
        counts = [
            _counts(progress.kept.get(other), numbers, table_id, other, progress.refused_naming)
            for other in sorted(counted - unreadable)
        ]
        records = pl.DataFrame([numbers.cast(pl.Int64), *counts])
        rows = progress.received[table_id].rows
        assert rows is not None, table_id
        found = check_named(rows, TABLES[table_id], asked, progress.related, records)
        progress.findings[table_id].append(found)


def _is_missed(table_id: str, progress: _Progress) -> bool:
    """Whether a table cannot be read or is missing although mandatory: nothing is known of its records."""
    return table_id in progress.received or TABLES[table_id].is_required


def _counts(
    kept: pl.DataFrame | None,
    numbers: pl.Series,
    named: str,
    by: str,
    refused: Mapping[tuple[str, str], pl.Series],
) -> pl.Series:
    """Of each record of ``named`` (``numbers``: their row numbers), how many records of ``by`` name it."""
    size = numbers.sort()[-1] + 1 if len(numbers) else 0
    every = pl.repeat(0, size, dtype=pl.Int64, eager=True)
    if kept is not None:
        # Records are nearly in the order of those they name: sorting them costs a quarter of grouping.
        rows = kept[f"{named}_{ROW}"]
        if (named, by) in refused:
            rows = pl.concat([rows, refused[named, by]])
        runs = rows.filter(rows < size).sort().rle().struct.unnest()
        every = every.scatter(runs["value"], runs["len"].cast(pl.Int64))
    return every.gather(numbers).alias(f"{by}_{RECORDS}")


def _conclude(progress: _Progress) -> tuple[dict[str, Checked], Links]:
    """Every table with all its findings, ordered by row, those rejected by cascade included; and what a correction
    of rejected records depends on.
    """
    own = {table_id: pl.concat([no_findings(), *parts]) for table_id, parts in progress.findings.items()}
    rejected = {table_id: rejected_rows(findings) for table_id, findings in own.items()}
    cascaded, above = rejected_by_cascade(progress.kept, rejected)
    tables = {}
    for table_id, findings in own.items():
        with_others = cascaded.get(table_id, no_findings())
        if with_others.height:
            findings = pl.concat([findings, with_others])
            rejected[table_id] = rejected_rows(findings)
        ordered = findings.sort("row_number", maintain_order=True) if findings.height > 1 else findings
        tables[table_id] = Checked(ordered, progress.received[table_id].rows_in, rejected[table_id])
    return tables, Links(above, pl.concat([pl.DataFrame(schema=GROUPS), *progress.groups]))


def hold_to_contract(tables: Mapping[str, Checked], refused: Mapping[str, pl.Series]) -> None:
    """Raise ContractBroken if the contract rejected a row while it was written (``refused``: row numbers per
    table) and that row is not among the rejected.
    """
    for table_id, numbers in refused.items():
        if len(numbers) and not numbers.is_in(tables[table_id].rejected.implode()).all():
            raise ContractBroken(table_id)


def _plain_header(rows: Received | None, *, is_as_written: bool) -> tuple[Received | None, list[Read]]:
    """The header with what its values mean, and what was read: all else depends on what it says."""
    if is_as_written or rows is None or rows.rows is None or rows.rows_in != 1:
        return rows, []
    looking = Looking(_ANY_TIME, rows.around)
    found = normalised(rows.rows, rows.table, rows.table.by_name, None, looking)
    return (rows, []) if found is None else (replace(rows, rows=found.rows), found.read)


def _read_header(
    rows: Received | None, named: ProviderMonth | None
) -> tuple[Header, Mapping[str, Any], list[pl.DataFrame]]:
    """What the header record says, its typed values, and the findings about period, provider and month."""
    if rows is None or rows.rows is None:
        return Header(), {}, []
    if rows.rows_in != 1:
        return Header(), {}, [file_finding(GATE["GATE-HEADER-ROWS"], "IDS000", str(rows.rows_in))]
    records = with_typed(rows.rows, rows.table).collect()
    if records.height != 1:
        return Header(), {}, []  # the one row was not a record, and the gate has reported it
    values = records.row(0, named=True)
    header = _said_by(values)
    return header, values, _disagreements(header, named)


def _said_by(values: Mapping[str, Any]) -> Header:
    """The header's values where they can be used."""
    provider = (values["OrgIDProv"] or "").upper()
    is_code = TABLES["IDS000"].by_name["OrgIDProv"].has_form(provider)
    version = next((known for known in Version if known.value == values["DatSetVer"]), None)
    start, end = values["ReportingPeriodStartDate"], values["ReportingPeriodEndDate"]
    return Header(provider if provider and is_code else None, start, end, version)


def _disagreements(header: Header, named: ProviderMonth | None) -> list[pl.DataFrame]:
    """Findings where the header is not of one calendar month, or of another provider or month than the name."""
    provider, start, end = header.provider, header.start, header.end
    findings = []
    if start and end and (start.day != 1 or end != last_day(start)):
        findings.append(file_finding(GATE["GATE-PERIOD"], "IDS000", f"{start} to {end}"))
    if named and provider and provider != named.provider:
        findings.append(file_finding(GATE["GATE-PROVIDER"], "IDS000", named.provider))
    if named and start and start != named.month:
        findings.append(file_finding(GATE["GATE-MONTH"], "IDS000", month_text(named.month)))
    return findings


def _refused(findings: pl.DataFrame) -> pl.DataFrame:
    """Findings where everything is taken as it is written: a note rejects the file."""
    effect = pl.when(IS_NOTE).then(pl.lit(Effect.REJECT_FILE.value)).otherwise(pl.col("effect").cast(pl.String))
    return findings.with_columns(effect.cast(pl.Categorical).alias("effect"))


def _refuse_if_nothing_stands(checked: SubmissionChecked) -> SubmissionChecked:
    """A header that cannot be used, or no record left, rejects the file."""
    if checked.is_file_rejected:
        return checked
    header = checked.tables.get("IDS000")
    rows_in = sum(table.rows_in for name, table in checked.tables.items() if name != "IDS000")
    accepted = sum(table.accepted for name, table in checked.tables.items() if name != "IDS000")
    if not checked.header.is_usable or header is None or header.accepted != 1:
        refusal = file_finding(GATE["GATE-HEADER-UNUSABLE"], "IDS000")
    elif rows_in and not accepted:
        refusal = file_finding(GATE["GATE-NOTHING-ACCEPTED"], None)
    else:
        return checked
    return replace(checked, findings=pl.concat([refusal, checked.findings]))


def _with_causes(checked: SubmissionChecked, kept: Mapping[str, pl.DataFrame]) -> SubmissionChecked:
    """The submission with the causes of its findings."""
    if checked.findings["row_number"].null_count() == checked.findings.height:
        return checked
    header, rules = checked.header, checked.rules
    said = (header.start, header.provider)
    version = header.version or Version.IAPT_2_0
    causes = search(checked.received, checked.findings, rules, version, period_of(header), said, kept)
    if not causes:
        return checked
    findings, standing = with_causes(checked.findings, causes, rules, kept)
    return replace(checked, findings=findings, causes=standing)


def _file_findings_first(findings: pl.DataFrame) -> pl.DataFrame:
    """Findings about files first, notes last. The rest is already in the order of the dataset's tables, then of
    rows.
    """
    if findings.height < 2:
        return findings
    is_of_a_row, is_note = findings["row_number"].is_not_null(), findings.select(IS_NOTE).to_series()
    return pl.concat(
        [findings.filter(~is_of_a_row & ~is_note), findings.filter(is_of_a_row), findings.filter(is_note)]
    )
