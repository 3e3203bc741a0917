"""One submission's tables checked together: the header first, since it says who, which month, which version.

Belongs here: reading the header, checking every table against the rules of its period, and deciding
whether the file stands. Does not belong here: finding files (``pipelines``), running rules
(``transforms.validate``).
"""

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl

from schemas.dataset import TABLES
from schemas.field import Version
from schemas.gate import GATE
from schemas.rule import Effect, Rule, generated_rules
from schemas.table import Table
from transforms.cast import with_typed
from transforms.findings import file_finding, no_findings
from transforms.receive import Received
from transforms.validate import NO_ROWS, Checked, check_rows, rejected_rows

Claim = tuple[str, date] | None
Opener = Callable[[Table, Version], Received | None]
"""Gives a table's rows as received under a dataset version; ``None`` where the submission has no such file."""

# Without a usable header every code that was ever valid is accepted, so that the rest is still reported.
_ANY_TIME = (date(2012, 4, 1), date(2199, 12, 31))


@dataclass(frozen=True)
class Header:
    """What the header says; ``None`` where it does not say it usably."""

    provider: str | None = None
    start: date | None = None
    end: date | None = None
    version: Version | None = None

    @property
    def is_usable(self) -> bool:
        """Whether provider, month and version are all known."""
        return None not in (self.provider, self.start, self.end, self.version)


@dataclass(frozen=True)
class SubmissionChecked:
    """Every record of one submission, with what is wrong with it.

    ``tables`` has one entry per table that came; ``findings`` is the findings frame over all of them, file
    findings first; ``received`` gives the rows again for what follows.
    """

    header: Header
    tables: dict[str, Checked]
    findings: pl.DataFrame
    received: dict[str, Received]

    @property
    def is_file_rejected(self) -> bool:
        """Whether nothing of it may count."""
        return (self.findings["effect"] == Effect.REJECT_FILE.value).any()

    @property
    def heaviest(self) -> Effect | None:
        """The heaviest effect among the findings; ``None`` for a clean submission."""
        present = set(self.findings["effect"].unique())
        return next((effect for effect in Effect if effect.value in present), None)

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


@cache
def rules_for(table_id: str, start: date, end: date) -> tuple[Rule, ...]:
    """The rules of a table in a period."""
    return tuple(generated_rules(TABLES[table_id], start, end))


def period_of(header: Header) -> tuple[date, date]:
    """The reporting period whose codes hold; without a usable header, any time."""
    return (header.start, header.end) if header.start and header.end else _ANY_TIME


def rules_of_period(header: Header) -> dict[str, Rule]:
    """Every rule that a submission with this header is checked against, by id."""
    return {rule.id: rule for table_id in TABLES for rule in rules_for(table_id, *period_of(header))}


def check_submission(opener: Opener, claim: Claim, gate: Sequence[pl.DataFrame]) -> SubmissionChecked:
    """Check every table that ``opener`` gives, all rules, in one go.

    ``gate`` holds findings made on the way here; ``claim`` is the provider and month that the submission's
    name carries, and the header must agree with it.
    """
    header_rows = opener(TABLES["IDS000"], Version.IAPT_2_0)
    header, header_findings = _read_header(header_rows, claim)
    findings = [*gate, *header_findings]
    version = header.version or Version.IAPT_2_0
    period = period_of(header)
    tables: dict[str, Checked] = {}
    received: dict[str, Received] = {}
    for table in TABLES.values():
        rows = header_rows if table.id == "IDS000" else opener(table, version)
        if rows is None:
            continue
        received[table.id], tables[table.id] = _check_table(rows, rules_for(table.id, *period))
        findings.append(tables[table.id].findings)
    if received or not gate:  # what could not be opened at all misses no table
        absent = [table.id for table in TABLES.values() if table.is_required and table.id not in received]
        findings += [file_finding(GATE["GATE-TABLE-MISSING"], table_id) for table_id in absent]
    together = _in_order(pl.concat(findings) if findings else no_findings())
    checked = SubmissionChecked(header, tables, together, received)
    return _refuse_if_nothing_stands(checked)


def _check_table(rows: Received, rules: Sequence[Rule]) -> tuple[Received, Checked]:
    """The table against its rules; the rows with it, since the file may have to be read in another way."""
    gate = pl.concat([no_findings(), *rows.findings])
    if rows.rows is None:
        return rows, Checked(gate, rows.rows_in, NO_ROWS)
    try:
        found, read = check_rows(rows.rows, rows.table, rules)
    except pl.exceptions.PolarsError:
        found, read = no_findings(), -1
    no_records = int(gate["row_number"].is_not_null().sum())
    if read + no_records != rows.rows_in:
        assert rows.otherwise is not None, rows.table.id  # what is read record by record is counted there
        return _check_table(rows.otherwise(), rules)
    findings = pl.concat([gate, found])
    rejected = rejected_rows(findings).get(rows.table.id, NO_ROWS) if findings.height else NO_ROWS
    return rows, Checked(findings, rows.rows_in, rejected)


def _read_header(rows: Received | None, claim: Claim) -> tuple[Header, list[pl.DataFrame]]:
    """What the header record says, and the findings about period, provider and month."""
    if rows is None or rows.rows is None:
        return Header(), []
    if rows.rows_in != 1:
        return Header(), [file_finding(GATE["GATE-HEADER-ROWS"], "IDS000", str(rows.rows_in))]
    records = with_typed(rows.rows, rows.table).collect()
    if records.height != 1:
        return Header(), []  # the one row was not a record; the gate has said so
    values = records.row(0, named=True)
    provider, start, end = (
        values["OrgIDProv"],
        values["ReportingPeriodStartDate"],
        values["ReportingPeriodEndDate"],
    )
    provider = (
        provider.upper()
        if provider and re.match(rows.table.by_name["OrgIDProv"].lexical, provider.upper())
        else None
    )
    version = next((known for known in Version if known.value == values["DatSetVer"]), None)
    findings = []
    if start and end and (start.day != 1 or end != _month_end(start)):
        findings.append(file_finding(GATE["GATE-PERIOD"], "IDS000", f"{start} to {end}"))
    if claim and provider and provider != claim[0]:
        findings.append(file_finding(GATE["GATE-PROVIDER"], "IDS000", claim[0]))
    if claim and start and start != claim[1]:
        findings.append(file_finding(GATE["GATE-MONTH"], "IDS000", f"{claim[1]:%Y-%m}"))
    return Header(provider, start, end, version), findings


def _month_end(start: date) -> date:
    return start.replace(day=calendar.monthrange(start.year, start.month)[1])


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
    return SubmissionChecked(
        checked.header, checked.tables, pl.concat([refusal, checked.findings]), checked.received
    )


def _in_order(findings: pl.DataFrame) -> pl.DataFrame:
    """File findings first, then tables in dataset order, then rows."""
    position = {table_id: index for index, table_id in enumerate(TABLES)}
    return (
        findings.with_columns(
            pl.col("table").replace_strict(position, default=-1, return_dtype=pl.Int32).alias("_position")
        )
        .sort(pl.col("row_number").is_not_null(), "_position", "row_number", maintain_order=True)
        .drop("_position")
    )
