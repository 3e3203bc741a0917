"""The way of one submission, end to end, without Dagster: received, checked, pseudonymised.

Belongs here: the three steps as plain functions, which the Dagster assets, the command line and the tests
all walk. Does not belong here: when they run (``pipelines.assets``), what a rule says (``schemas``).

Each step leaves its result on disk, whole or not at all, so that a killed load is taken up again.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from pipelines.inbox import Source, as_record, discard, from_record, open_source
from pipelines.keys import fingerprint
from pipelines.ledger import Ledger, Receipt, State
from pipelines.zones import PRIVATE, Zones
from reports.site.report import write_report
from schemas.dataset import TABLES
from schemas.errors import ForThePerson
from schemas.month import ProviderMonth, month_of, month_text
from schemas.rule import Effect
from schemas.ruleset import rules_for
from schemas.staged import staged_schema
from schemas.table import Table
from schemas.versions import Version, as_checked
from transforms.cast import with_typed
from transforms.findings import REJECTIONS
from transforms.pseudonymise import Origin, TokenKey, pseudonymised
from transforms.receive import Received, receive_csv, receive_parquet
from transforms.submission import SubmissionChecked, check_submission, period_of

_SOURCE, _GATE, _FINDINGS, _CHECKED = "source.json", "gate.parquet", "findings.parquet", "checked.json"


class NotConserved(ForThePerson):
    """Rows in are not accepted plus rejected: nothing of the submission may count. Carries counts only."""


class ContractBroken(ForThePerson):
    """Rows were accepted that the contract refuses: findings and contract disagree. Carries the table only."""


@dataclass(frozen=True)
class Loaded:
    """What became of one submission.

    ``counts`` per table: rows_in, accepted, rejected. ``found`` per table: how many findings reject
    (rejections) or warn (warnings). ``rules``: findings per rule id. ``is_repeat``: the same bytes had been
    loaded before, so that nothing was done.
    """

    receipt: Receipt
    state: State
    provider_month: ProviderMonth | None
    counts: Mapping[str, Mapping[str, int]]
    found: Mapping[str, Mapping[str, int]]
    rules: Mapping[str, int]
    is_repeat: bool


def check_path(path: Path) -> SubmissionChecked:
    """Check the submission at ``path`` without submitting it: the verdict a load would give.

    The rows' lazy frames read files of a workspace that is gone on return: only findings and counts remain
    usable.
    """
    with TemporaryDirectory() as workspace:
        now = datetime.now(UTC).replace(tzinfo=None)
        return _check(open_source(path, Path(workspace), keep=False, is_hashed=False), Path(workspace), now)


def receive(path: Path, zones: Zones, ledger: Ledger) -> Receipt:
    """Take the submission at ``path`` into the received zone and write its receipt.

    The folder is moved into place only after the receipt stands; a folder without a receipt is debris.
    """
    incoming = zones.received / f".incoming-{secrets.token_hex(8)}"
    incoming.mkdir(mode=PRIVATE)
    try:
        source = open_source(path, incoming, keep=True)
        (incoming / _SOURCE).write_text(json.dumps(as_record(source)), encoding="utf-8")
        if source.findings:
            pl.concat(source.findings).write_parquet(incoming / _GATE)
        receipt = ledger.receive(source.content_sha256, source.size, source.named)
        place = zones.received / receipt.submission_id
        if not place.exists():
            incoming.rename(place)
        return receipt
    finally:
        discard(incoming)


def check(submission_id: str, zones: Zones, ledger: Ledger) -> State:
    """Check a received submission, write its findings and the site's report, and record a rejection."""
    with TemporaryDirectory(dir=zones.builds) as workspace:
        source = _kept_source(zones.received / submission_id)
        checked = _check(source, Path(workspace), _received_at(submission_id, ledger))
        return _keep_verdict(checked, source.named, submission_id, zones, ledger)


def pseudonymise(submission_id: str, zones: Zones, ledger: Ledger, key: TokenKey) -> State:
    """Write the accepted rows of a checked submission without identifiers, and record its acceptance.

    Raises NotConserved when a table's rows do not add up; nothing is then written.
    """
    with TemporaryDirectory(dir=zones.builds) as workspace:
        source = _kept_source(zones.received / submission_id)
        checked = _check(source, Path(workspace), _received_at(submission_id, ledger))
        return _keep_staged(checked, submission_id, zones, ledger, key)


def load(path: Path, zones: Zones, ledger: Ledger, key: TokenKey) -> Loaded:
    """Receive, check and pseudonymise the submission at ``path``; the same bytes again change nothing.

    What goes wrong inside is recorded as «failed» and raised again.
    """
    receipt = receive(path, zones, ledger)
    is_open = ledger.outcome(receipt.submission_id).state in (State.RECEIVED, State.FAILED)
    if is_open:
        reprocess(receipt.submission_id, zones, ledger, key)
    return loaded(receipt, zones, is_repeat=not is_open)


def reprocess(submission_id: str, zones: Zones, ledger: Ledger, key: TokenKey) -> State:
    """Check and pseudonymise a received submission again, under today's rules and key.

    The same as ``check`` and then ``pseudonymise``, but every file is surveyed once.
    """
    try:
        with TemporaryDirectory(dir=zones.builds) as workspace:
            source = _kept_source(zones.received / submission_id)
            checked = _check(source, Path(workspace), _received_at(submission_id, ledger))
            _keep_verdict(checked, source.named, submission_id, zones, ledger)
            return _keep_staged(checked, submission_id, zones, ledger, key)
    except BaseException as error:
        # The class only: an exception's text may carry a value out of the identifiable zone.
        ledger.record(submission_id, State.FAILED, None, {"error": type(error).__name__})
        raise


def loaded(receipt: Receipt, zones: Zones, *, is_repeat: bool) -> Loaded:
    """What became of a checked submission, from what the check left."""
    summary = checked_summary(receipt.submission_id, zones)
    where = _where(summary, None)
    return Loaded(
        receipt,
        State(summary["state"]),
        where,
        summary["counts"],
        summary["found"],
        summary["rules"],
        is_repeat,
    )


def checked_summary(submission_id: str, zones: Zones) -> dict[str, Any]:
    """What ``check`` left: state, header, counts per table, findings per rule."""
    text = (zones.received / submission_id / _CHECKED).read_text(encoding="utf-8")
    summary: dict[str, Any] = json.loads(text)
    return summary


def state_of(checked: SubmissionChecked) -> State:
    """The outcome of a submission, by the heaviest of its findings."""
    heaviest = checked.heaviest
    if heaviest is None:
        return State.ACCEPTED
    if heaviest is Effect.REJECT_FILE:
        return State.FILE_REJECTED
    return State.ACCEPTED_WITH_REJECTIONS if heaviest.is_rejection else State.ACCEPTED_WITH_WARNINGS


def _check(source: Source, workspace: Path, received_at: datetime) -> SubmissionChecked:
    def opener(table: Table, version: Version | None) -> Received | None:
        return _receive_table(source, table, version, workspace)

    return check_submission(opener, source.named, source.findings, received_at)


def _received_at(submission_id: str, ledger: Ledger) -> datetime:
    """When a submission came (UTC): the same at every later check, whatever the clock says then."""
    text = ledger.outcome(submission_id).receipt.received_at
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _receive_table(source: Source, table: Table, version: Version | None, workspace: Path) -> Received | None:
    file = source.files.get(table.id)
    if file is None:
        return None
    if file.seen is None:
        return receive_parquet(file.path, table, version)
    return receive_csv(file.path, table, file.seen, version, workspace)


def _kept_source(folder: Path) -> Source:
    """The submission that ``receive`` kept in ``folder``, with the surveys and findings of that time."""
    record = json.loads((folder / _SOURCE).read_text(encoding="utf-8"))
    gate = folder / _GATE
    return from_record(record, folder, [pl.read_parquet(gate)] if gate.exists() else [])


def _keep_verdict(
    checked: SubmissionChecked, named: ProviderMonth | None, submission_id: str, zones: Zones, ledger: Ledger
) -> State:
    """Write findings, summary and the site's report; a rejection is recorded here, an acceptance later."""
    folder, header, state = zones.received / submission_id, checked.header, state_of(checked)
    checked.findings.write_parquet(folder / _FINDINGS)
    summary = {
        "state": state.value,
        "provider": header.provider,
        "start": header.start.isoformat() if header.start else None,
        "end": header.end.isoformat() if header.end else None,
        "version": header.version.value if header.version else None,
        "counts": checked.counts(),
        "found": _found(checked.findings),
        "rules": _rule_counts(checked.findings),
    }
    beside = folder / f".{_CHECKED}"
    beside.write_text(json.dumps(summary, indent=1), encoding="utf-8")
    beside.replace(folder / _CHECKED)
    where = _where(summary, named)
    place = zones.site_reports.joinpath(*((where.provider, month_text(where.month)) if where else ("unknown",)))
    # Of a submission that does not say whose it is, nobody's earlier report is the previous one.
    previous = _previous_verdict(place, submission_id, ledger) if where else None
    sha256 = ledger.outcome(submission_id).receipt.content_sha256
    write_report(place / submission_id, checked, state.value, submission_id, previous, content_sha256=sha256)
    if not state.is_accepted:
        ledger.record(submission_id, state, where, _detail(summary))
    return state


def _previous_verdict(place: Path, submission_id: str, ledger: Ledger) -> dict[str, Any] | None:
    """What the submission before this one for the same provider and month was told; ``None`` for the first."""
    own = ledger.outcome(submission_id).receipt.seq
    others = (report.parent.name for report in place.glob("*/report.json") if report.parent.name != submission_id)
    earlier = {ledger.outcome(other).receipt.seq: other for other in others}
    before = max((seq for seq in earlier if seq < own), default=None)
    if before is None:
        return None
    verdict: dict[str, Any] = json.loads((place / earlier[before] / "report.json").read_text(encoding="utf-8"))
    return verdict


def _keep_staged(
    checked: SubmissionChecked,
    submission_id: str,
    zones: Zones,
    ledger: Ledger,
    key: TokenKey,
) -> State:
    """Write what survives of a checked submission, whole or not at all, and record that it counts."""
    summary = checked_summary(submission_id, zones)
    state = State(summary["state"])
    if not state.is_accepted:
        return state
    draft = zones.pseudonymised / f".{submission_id}-{secrets.token_hex(4)}"
    draft.mkdir(mode=PRIVATE)
    try:
        _write_staged(checked, summary, submission_id, draft, key)
        place = zones.pseudonymised / submission_id
        if place.exists():
            place.rename(old := zones.pseudonymised / f".old-{secrets.token_hex(4)}")
            discard(old)
        draft.rename(place)
    finally:
        discard(draft)
    ledger.record(submission_id, state, _where(summary, None), _detail(summary) | {"key": fingerprint(key)})
    return state


def _write_staged(
    checked: SubmissionChecked,
    summary: Mapping[str, Any],
    submission_id: str,
    draft: Path,
    key: TokenKey,
) -> None:
    assert checked.header.provider_month is not None  # the file stands
    origin = Origin(submission_id, checked.header.provider_month)
    for table_id, counts in summary["counts"].items():
        if not counts["accepted"]:
            continue
        table = TABLES[table_id]
        births = _survivors(checked, "IDS001") if table_id == "IDS101" else None
        rows = _held_to_contract(_survivors(checked, table_id), table, checked)
        staged = pseudonymised(rows, table, origin, key, births)
        path = draft / f"{table_id}.parquet"
        # Level 1: tokens are random, and a higher level costs a quarter more time for 6 % more bytes.
        staged.sink_parquet(path, compression="zstd", compression_level=1)
        if (written := pl.scan_parquet(path).select(pl.len()).collect().item()) != counts["accepted"]:
            raise NotConserved(f"{table_id}: {counts['accepted']} rows accepted, {written} written")
        if pl.read_parquet_schema(path) != pl.Schema(staged_schema(table)):
            raise NotConserved(f"{table_id}: the columns written are not those declared")


def _held_to_contract(rows: pl.LazyFrame, table: Table, checked: SubmissionChecked) -> pl.LazyFrame:
    """The same rows, each part of which must satisfy the contract as it is read."""
    version = checked.header.version
    assert version is not None  # the file stands
    from pandera.errors import SchemaError  # pandera takes 0.5 s to import, and a dry run needs none

    contract = _contract(table.id, version, *period_of(checked.header))

    def held(part: pl.DataFrame) -> pl.DataFrame:
        try:
            contract.validate(with_typed(part.lazy(), table).collect())
        except SchemaError:  # its text quotes rows
            raise ContractBroken(f"{table.id}: rows were accepted that the contract refuses") from None
        return part

    # Every column must reach the contract, also those that are dropped after it.
    return rows.map_batches(
        held, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False, streamable=True
    )


@cache
def _contract(table_id: str, version: Version, start: date, end: date) -> Any:
    """The contract of a table for a month, made once for all its submissions: making takes as long as asking."""
    from schemas.contract import contract_at_once  # brings pandera

    header = {"DatSetVer": version.value, "ReportingPeriodStartDate": start, "ReportingPeriodEndDate": end}
    return contract_at_once(as_checked(table_id, version), rules_for(table_id, version, start, end), header)


def _survivors(checked: SubmissionChecked, table_id: str) -> pl.LazyFrame:
    rows, rejected = checked.received[table_id].rows, checked.tables[table_id].rejected
    assert rows is not None, table_id  # it has accepted rows
    return rows.filter(~pl.col("row_number").is_in(rejected.implode())) if len(rejected) else rows


def _found(findings: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Findings per table that reject and that warn."""
    rejects = pl.col("effect").is_in(REJECTIONS)
    per_table = (
        findings.filter(pl.col("table").is_not_null())
        .group_by("table", maintain_order=True)
        .agg(rejections=rejects.sum(), warnings=(~rejects).sum())
    )
    return {
        row["table"]: {"rejections": row["rejections"], "warnings": row["warnings"]}
        for row in per_table.iter_rows(named=True)
    }


def _rule_counts(findings: pl.DataFrame) -> dict[str, int]:
    return dict(findings.group_by("rule_id").len().sort("rule_id").iter_rows())


def _where(summary: Mapping[str, Any], named: ProviderMonth | None) -> ProviderMonth | None:
    """Provider and month: as the header says, else as the name says. ``None`` where neither is usable."""
    if summary["provider"] and summary["start"]:
        return ProviderMonth(summary["provider"], month_of(date.fromisoformat(summary["start"])))
    return named


def _detail(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {name: summary[name] for name in ("version", "counts", "rules")}
