"""What a site gets back for a submission: the verdict as data, and the folder of files that say it.

Belongs here: what a report contains. Does not belong here: deciding what is wrong (``transforms``), arithmetic over
findings (``groups``), the files that say it (``page``, ``workbook``, ``lines``). The report stays
in the identifiable zone; identifying values are not in it even so.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from reports.site import asked
from reports.site.groups import NAMES_SHOWN, CascadeRows, Explains, Group, Note, Summary, summarise
from reports.site.history import compared, earlier_report
from reports.site.ranges import cell_ranges, letters_of, row_ranges
from reports.site.wording import clean, expected, masked, meant, message, note_message
from schemas.dataset import TABLES
from schemas.modules import declared
from schemas.month import month_text
from schemas.national_rules import national_rules
from schemas.rule import Effect, Rule
from schemas.windows import closes
from transforms.causes.cause import Affected
from transforms.changes import Changes
from transforms.findings import IS_NOTE
from transforms.submission import SubmissionChecked, period_of

# Of the records to correct, those that bring back most; the workbook has all.
_RECORDS_NAMED = 10

SCHEMA = "parity-report-1"
"""What ``report.schema.json`` describes. A key may be added. What an old reader cannot read is a new version."""

Writer = Callable[[Path, SubmissionChecked, Mapping[str, Any]], None]
"""Writes one file of a report into a folder, from the submission as checked and its verdict (``as_json``)."""


def as_json(
    checked: SubmissionChecked,
    state: str,
    previous: Mapping[str, Any] | None = None,
    standing: Mapping[str, Any] | None = None,
    questions: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The verdict for a program: outcome, deadline, counts, findings by rule, roots before their cascades.

    ``rules`` has what stands for itself, causes first, and ``explained`` what a cause among them explains. A cause
    has the ``columns`` that it reached and what it ``explains``.

    ``previous`` is an earlier report of the same provider and month (``report.json``); rules are then marked new or
    persisting, and those that are gone are listed as resolved, or as not checked where their table could not be
    read. ``standing`` says of a loaded submission whether it counts (``pipelines.holding.standing``). A check
    cannot know that. ``questions`` are rows of ``transforms.plausible.answers.answered``.
    """
    header, counts = checked.header, checked.counts()
    found = summarise(checked)
    window = closes(header.start) if header.start else None
    who = {"provider": header.provider, "month": month_text(header.start) if header.start else None}
    read = {TABLES[table].name for table, received in checked.received.items() if received.rows is not None}
    groups = [*found.groups, *found.explained]
    since = compared([_rule(group, checked, found.explains) for group in groups], previous, who, read)
    return {
        "schema": SCHEMA,
        "outcome": state,
        "standing": dict(standing or {}),
        **who,
        "deadline": f"{window.closes}T23:59:00" if window else None,
        "deadline_basis": window.basis if window else None,
        "dataset_version": header.version.value if header.version else None,
        "ruleset": _ruleset(checked.rules),
        "spellings": "refused" if checked.is_as_written else "read",
        "totals": _totals(counts)
        | {"findings": _findings(checked), "roots": found.roots, "to_correct": found.to_correct.height},
        "tables": {TABLES[name].name: table for name, table in counts.items()},
        "effects": _effects(found),
        "rules": [rule for rule in since["rules"] if not rule["explained_by"]],
        "explained": [rule for rule in since["rules"] if rule["explained_by"]],
        "notes": [_note(each) for each in found.notes],
        "questions": _questions(questions),
        "rejected_by_cascade": [_cascade_rows(each) for each in found.cascade],
        "to_correct": [_to_correct(*row) for row in found.to_correct.head(_RECORDS_NAMED).rows()],
        "changes": [_changes(each) for each in checked.changes],
        "compared": since["compared"],
        "resolved": since["resolved"],
        "not_checked": since["not_checked"],
    }


def write_report(
    folder: Path,
    checked: SubmissionChecked,
    state: str,
    submission_id: str = "",
    previous: Mapping[str, Any] | None = None,
    *,
    content_sha256: str = "",
    standing: Mapping[str, Any] | None = None,
    erased_rows: int = 0,
    is_split: bool = False,
    questions: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Write ``report.json`` and what the modules beside this one write into ``folder``, made if absent.

    Without ``previous`` the report that an earlier run left in ``folder`` is compared with. Gives the verdict that
    was written: ``as_json``, the receipt, and ``erased_rows``: rows of people who were erased, which were struck on
    arrival and are in no other number. With ``is_split`` each who can mend something has a workbook of their own.
    """
    from reports.site.workbook import write_by_owner  # as in _writers: a check without --report needs none

    folder.mkdir(parents=True, exist_ok=True)
    before = previous if previous is not None else earlier_report(folder / "report.json", submission_id)
    receipt = {"submission_id": submission_id, "content_sha256": content_sha256}
    verdict = as_json(checked, state, before, standing, questions) | receipt | {"erased_rows": erased_rows}
    for write in _writers():
        write(folder, checked, verdict)
    write_by_owner(folder, checked, verdict, is_wanted=is_split)
    # Last and whole: if a run fails, the earlier report stays, and the next run compares with that.
    beside = folder / ".report.json"
    beside.write_text(json.dumps(verdict, indent=1, ensure_ascii=False), encoding="utf-8")
    beside.replace(folder / "report.json")
    return verdict


def restate(
    folder: Path,
    standing: Mapping[str, Any] | None = None,
    questions: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Say in a report that is there whether its submission counts now, or what was answered about it. Nothing else
    of it changes.
    """
    from reports.site.page import page  # as in _writers: a check without --report needs none

    path = folder / "report.json"
    verdict = json.loads(path.read_text(encoding="utf-8"))
    if standing is not None:
        verdict["standing"] = dict(standing)
    if questions is not None:
        verdict["questions"] = _questions(questions)
    (folder / "report.html").write_text(page(verdict), encoding="utf-8")
    beside = folder / ".report.json"
    beside.write_text(json.dumps(verdict, indent=1, ensure_ascii=False), encoding="utf-8")
    beside.replace(path)


def _questions(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(each) | {"asks": asked.said(each)} for each in rows]


@cache
def _writers() -> tuple[Writer, ...]:
    """``write`` of every module beside this one that has it: a file of the report is added by adding its module.

    Imported here, since a check without --report needs none: together they take as long to import as to run.
    """
    return tuple(declared("reports.site", "write"))


def _rule(group: Group, checked: SubmissionChecked, explains: Mapping[str, Explains]) -> dict[str, Any]:
    """One rule that was broken in one table, or a cause."""
    rule = group.rule
    received = checked.received.get(group.table)
    of_cause = explains.get(rule.id)
    cause = next((each for each in checked.causes if each.rule.id == rule.id), None)
    values = [(clean(value), records) for value, records in group.values]
    return {
        "rule_id": rule.id,
        "effect": rule.effect.value,
        "level": rule.level.value,
        "dimension": rule.dimension.value,
        "table": TABLES[group.table].name if group.table else "",
        "field": ", ".join(rule.fields),
        "message": message(rule, [value for value, _ in values], group.distinct),
        "expected": expected(rule, *period_of(checked.header)),
        "fix": rule.fix,
        "why": rule.why,
        "owner": rule.owner.value,
        "national_rules": [asdict(each) for each in national_rules().get(rule.id, ())],
        "records": of_cause.records if of_cause else group.records,
        "findings": group.findings,
        "also_rejected_by_others": group.also_rejected_by_others,
        "records_to_correct": group.records_to_correct,
        "cascade_rows": group.cascade_rows,
        "returns_alone": group.returns_alone,
        "returns_so_far": group.returns_so_far,
        "rows": row_ranges(group.rows),
        "cells": cell_ranges(group.rows, letters_of(rule.fields, received.columns if received else {})),
        "values": [value for value, _ in values],
        "value_records": [records for _, records in values],
        "meant": [meant(rule, value) for value, _ in values],
        "distinct_values": group.distinct,
        "masked": masked(rule),
        "columns": [_column(each, checked) for each in cause.columns] if cause else [],
        "explains": of_cause._asdict() if of_cause else None,
        "explained_by": group.explained_by,
    }


def _column(affected: Affected, checked: SubmissionChecked) -> dict[str, Any]:
    """The values of one column that a cause reached."""
    letters = letters_of([affected.field], checked.received[affected.table].columns)
    return {
        "table": TABLES[affected.table].name,
        "field": affected.field,
        "values": len(affected.rows),
        "filled": affected.filled,
        "rows": row_ranges(affected.rows),
        "cells": cell_ranges(affected.rows, letters),
        "found": affected.found,
        "should_be": affected.should_be,
    }


def _note(found: Note) -> dict[str, Any]:
    """What a rule of the gate read as what: at most 30 times in words, and how often more."""
    rule = found.rule
    said = [
        {"table": TABLES[table].name if table else "", "found": clean(words)}
        for table, words in found.found[:NAMES_SHOWN]
    ]
    return {
        "rule_id": rule.id,
        "effect": rule.effect.value,
        "message": note_message(rule),
        "fix": rule.fix,
        "why": rule.why,
        "found": said,
        "found_more": len(found.found) - len(said),
    }


def _changes(found: Changes) -> dict[str, Any]:
    """What changed since one earlier submission: rows per table, and findings by what became of them."""
    numbers = ("before", "now", "added", "changed", "gone")
    return {
        "since": found.since,
        "tables": {
            TABLES[table].name: {name: getattr(rows, name) for name in numbers}
            for table, rows in found.tables.items()
        },
        "findings": found.counts(),
    }


def _to_correct(table: str, row: int, alone: int, so_far: int) -> dict[str, Any]:
    """One record of the smallest set to correct."""
    return {"table": TABLES[table].name, "row": row, "returns_alone": alone, "returns_so_far": so_far}


def _cascade_rows(found: CascadeRows) -> dict[str, Any]:
    """The rows of one table rejected by cascade."""
    because_of = {TABLES[table].name: records for table, records in found.because_of.items()}
    return {
        "table": TABLES[found.table].name,
        "records": len(found.rows),
        "rows": row_ranges(found.rows),
        "because_of": because_of,
    }


def _totals(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {name: sum(table[name] for table in counts.values()) for name in ("rows_in", "accepted", "rejected")}


def _findings(checked: SubmissionChecked) -> int:
    """How many findings there are. A note is not counted: nothing is wrong."""
    return int(checked.findings.select((~IS_NOTE).sum()).item())


def _effects(found: Summary) -> dict[str, dict[str, int]]:
    """Per effect present, most serious first: rules broken, and findings that no cause explains, and records with
    any finding; without rejections by cascade.
    """
    return {
        effect.value: {
            "rules": len(of_effect),
            "findings": sum(group.findings for group in of_effect),
            "records": found.records.get(effect.value, 0),
        }
        for effect in Effect
        if (of_effect := [group for group in found.groups if group.rule.effect is effect])
    }


def _ruleset(rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Which rules were in force: how many, and a fingerprint that changes when any of them does."""
    said = (f"{r.id}|{r.effect}|{r.fails}|{r.group_by}|{r.message}|{r.fix}|{r.why}" for r in rules.values())
    return {"rules": len(rules), "fingerprint": hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]}
