"""What a site gets back for a submission: the verdict as data, and the folder of files that say it.

Belongs here: what a report contains. Does not belong here: deciding what is wrong (``transforms``), arithmetic over
findings (``groups``), the files that say it (``page``, ``workbook``, ``lines``). The report stays
in the identifiable zone; identifying values are not in it even so.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from reports.site.groups import CascadeRows, Group, Summary, summarise
from reports.site.history import compared, earlier_report
from reports.site.ranges import cell_ranges, letters_of, row_ranges
from reports.site.wording import clean, expected, masked, message
from schemas.dataset import TABLES
from schemas.modules import declared
from schemas.month import month_text
from schemas.rule import Effect, Rule
from schemas.windows import closes
from transforms.submission import SubmissionChecked, period_of

Writer = Callable[[Path, SubmissionChecked, Mapping[str, Any]], None]
"""Writes one file of a report into a folder, from the submission as checked and its verdict (``as_json``)."""


def as_json(
    checked: SubmissionChecked,
    state: str,
    previous: Mapping[str, Any] | None = None,
    standing: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The verdict for a program: outcome, deadline, counts, findings by rule, roots before their cascades.

    ``previous`` is an earlier report of the same provider and month (``report.json``); rules are then marked new or
    persisting, and those that are gone are listed as resolved, or as not checked where their table could not be
    read. ``standing`` says of a loaded submission whether it counts (``pipelines.holding.standing``). A check
    cannot know that.
    """
    header, counts = checked.header, checked.counts()
    found = summarise(checked)
    window = closes(header.start) if header.start else None
    who = {"provider": header.provider, "month": month_text(header.start) if header.start else None}
    read = {TABLES[table].name for table, received in checked.received.items() if received.rows is not None}
    since = compared([_rule(group, checked) for group in found.groups], previous, who, read)
    return {
        "outcome": state,
        "standing": dict(standing or {}),
        **who,
        "deadline": f"{window.closes}T23:59:00" if window else None,
        "deadline_basis": window.basis if window else None,
        "dataset_version": header.version.value if header.version else None,
        "ruleset": _ruleset(checked.rules),
        "totals": _totals(counts) | {"findings": checked.findings.height, "roots": found.roots},
        "tables": {TABLES[name].name: table for name, table in counts.items()},
        "effects": _effects(found),
        "rules": since["rules"],
        "rejected_by_cascade": [_cascade_rows(each) for each in found.cascade],
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
) -> dict[str, Any]:
    """Write ``report.json`` and what the modules beside this one write into ``folder``, made if absent.

    Without ``previous`` the report that an earlier run left in ``folder`` is compared with. Gives the verdict that
    was written: ``as_json``, the receipt, and ``erased_rows``: rows of people who were erased, which were struck on
    arrival and are in no other number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = previous if previous is not None else earlier_report(folder / "report.json", submission_id)
    receipt = {"submission_id": submission_id, "content_sha256": content_sha256}
    verdict = as_json(checked, state, before, standing) | receipt | {"erased_rows": erased_rows}
    for write in _writers():
        write(folder, checked, verdict)
    # Last and whole: if a run fails, the earlier report stays, and the next run compares with that.
    beside = folder / ".report.json"
    beside.write_text(json.dumps(verdict, indent=1, ensure_ascii=False), encoding="utf-8")
    beside.replace(folder / "report.json")
    return verdict


def restate(folder: Path, standing: Mapping[str, Any]) -> None:
    """Say in a report that is there whether its submission counts now. Nothing else of it changes."""
    from reports.site.page import page  # as in _writers: a check without --report needs none

    path = folder / "report.json"
    verdict = json.loads(path.read_text(encoding="utf-8")) | {"standing": dict(standing)}
    (folder / "report.html").write_text(page(verdict), encoding="utf-8")
    beside = folder / ".report.json"
    beside.write_text(json.dumps(verdict, indent=1, ensure_ascii=False), encoding="utf-8")
    beside.replace(path)


@cache
def _writers() -> tuple[Writer, ...]:
    """``write`` of every module beside this one that has it: a file of the report is added by adding its module.

    Imported here, since a check without --report needs none: together they take as long to import as to run.
    """
    return tuple(declared("reports.site", "write"))


def _rule(group: Group, checked: SubmissionChecked) -> dict[str, Any]:
    """One rule that was broken in one table."""
    rule = group.rule
    received = checked.received.get(group.table)
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
        "records": group.records,
        "findings": group.findings,
        "also_rejected_by_others": group.also_rejected_by_others,
        "cascade_rows": group.cascade_rows,
        "rows": row_ranges(group.rows),
        "cells": cell_ranges(group.rows, letters_of(rule.fields, received.columns if received else {})),
        "values": [value for value, _ in values],
        "value_records": [records for _, records in values],
        "distinct_values": group.distinct,
        "masked": masked(rule),
    }


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


def _effects(found: Summary) -> dict[str, dict[str, int]]:
    """Per effect present, most serious first: rules broken, findings, records; without rejections by cascade."""
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
