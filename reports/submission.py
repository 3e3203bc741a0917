"""What a site gets back for a submission: a page, all findings as CSV, and a JSON by rule.

Belongs here: wording and grouping of findings. Does not belong here: deciding them. The report stays in
the identifiable zone; identifying values are not in it even so.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment

from schemas.dataset import TABLES
from schemas.gate import GATE
from schemas.rule import Effect, Rule
from transforms.submission import SubmissionChecked, rules_of_period

_ROWS_SHOWN = 30
_VALUES_SHOWN = 5
# A spreadsheet runs a cell that begins with one of these (OWASP ASVS 1.2.10).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class RuleFindings:
    """One broken rule: how often, where, what was found, what to do. ``values`` is empty where masked."""

    rule_id: str
    effect: str
    table: str
    field: str
    message: str
    fix: str
    records: int
    rows: str
    values: list[str]


def grouped(checked: SubmissionChecked) -> list[RuleFindings]:
    """Findings by rule, heaviest effect first, most records first within an effect."""
    rules = rules_of_period(checked.header)
    groups = []
    for (rule_id, table), part in checked.findings.group_by("rule_id", "table", maintain_order=True):
        rule = rules.get(str(rule_id)) or GATE[str(rule_id)]
        groups.append(_group(rule, str(table) if table else "", part))
    order = {effect.value: index for index, effect in enumerate(Effect)}
    return sorted(groups, key=lambda g: (order[g.effect], -g.records, g.rule_id, g.table))


def as_json(checked: SubmissionChecked, state: str) -> dict[str, Any]:
    """The verdict for a program: outcome, header, counts per table, findings by rule."""
    header = checked.header
    return {
        "outcome": state,
        "provider": header.provider,
        "month": f"{header.start:%Y-%m}" if header.start else None,
        "dataset_version": header.version.value if header.version else None,
        "tables": {TABLES[name].name: counts for name, counts in checked.counts().items()},
        "rules": [asdict(group) for group in grouped(checked)],
    }


def write_report(folder: Path, checked: SubmissionChecked, state: str, submission_id: str = "") -> None:
    """Write ``report.html``, ``report.json`` and ``findings.csv`` into ``folder``, made if absent."""
    folder.mkdir(parents=True, exist_ok=True)
    verdict = as_json(checked, state)
    (folder / "report.json").write_text(json.dumps(verdict, indent=1, ensure_ascii=False), encoding="utf-8")
    page = _template().render(
        verdict=verdict, submission_id=submission_id, records=_records(checked.counts()), shown=_ROWS_SHOWN
    )
    (folder / "report.html").write_text(page, encoding="utf-8")
    neutralised = checked.findings.with_columns(
        pl.when(pl.col("found").str.slice(0, 1).is_in(_FORMULA_STARTS))
        .then("'" + pl.col("found"))
        .otherwise("found")
        .alias("found")
    )
    neutralised.write_csv(folder / "findings.csv")


def row_ranges(rows: list[int], at_most: int = _ROWS_SHOWN) -> str:
    """Sorted row numbers as ranges: "4-6, 9"; «and n more rows» once ``at_most`` ranges are shown."""
    ranges = list(_ranges(rows))
    shown = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in ranges[:at_most])
    left = sum(last - first + 1 for first, last in ranges[at_most:])
    return f"{shown} and {left:,} more rows" if left else shown


def _ranges(rows: list[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for row in rows:
        if last is not None and row == last + 1:
            last = row
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = row
    if first is not None and last is not None:
        yield first, last


def _group(rule: Rule, table: str, part: pl.DataFrame) -> RuleFindings:
    rows = part["row_number"].drop_nulls().unique().sort()
    values = part["found"].drop_nulls().unique(maintain_order=True).to_list()
    is_of_a_field = bool(rule.fields)
    shown = [f"«{value}»" for value in values[:_VALUES_SHOWN]] if is_of_a_field else values
    found = ", ".join(shown) + (f" and {len(values) - len(shown):,} more" if len(values) > len(shown) else "")
    subject = rule.fields[0] if is_of_a_field else "found"
    message = rule.message.replace("{" + subject + "}", found).replace("  ", " ")
    return RuleFindings(
        rule.id,
        rule.effect.value,
        TABLES[table].name if table else "",
        ", ".join(rule.fields),
        message,
        rule.fix,
        len(rows) or 1,
        row_ranges(rows.to_list()),
        values[: len(shown)],
    )


def _records(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {name: sum(table[name] for table in counts.values()) for name in ("rows_in", "accepted", "rejected")}


@cache
def _template() -> Any:
    source = (files("reports") / "templates" / "submission.html").read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
