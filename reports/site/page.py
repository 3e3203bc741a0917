"""The report as one page: self-contained, readable without JavaScript, on a phone and on paper.

Belongs here: what the page shows and how much of it. Does not belong here: the words of rules (``schemas``), what
the verdict contains (``reports.site.report``).
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template

from reports.site.asked import answer_said
from reports.site.wording import OWNERS, STATUS, counted, day, deadline, doubts_said, month_name, sentence
from reports.templating import MOST_BYTES, dressed, environment
from schemas.rule import Effect
from transforms.submission import SubmissionChecked

# The most serious rules. After correcting them a site makes a new report, and the workbook has all rules.
RULES_SHOWN = 120
# In «What to fix first» and in each list of what has changed.
LISTED = 10
# Details that are open at first; the others open on a click.
OPEN = 3
# A cause that reached more tables opens on a click.
REACHED_OPEN = 6
# Ranges of rows beside a rule's message; the detail has more.
_BESIDE = 4

_MEANING = {
    Effect.REJECT_FILE: "No record of the submission counts until this is corrected.",
    Effect.REJECT_GROUP: "All records of the group are rejected, because it is unclear which one is right.",
    Effect.REJECT_RECORD: "The record and all records that belong to it do not count.",
    Effect.SEVERE_WARNING: "The record counts, but figures that need this value leave it out.",
    Effect.WARNING: "The record and the value count, unless the rule says otherwise. Check the value.",
    Effect.EXPERIMENTAL: "The rule is tried out, and nothing comes of it yet. It says from which month it applies.",
    Effect.NOTE: "Something was read as what it means. It costs nothing.",
}


def page(verdict: Mapping[str, Any]) -> str:
    """The page of a verdict (``reports.site.report.as_json`` and the receipt), at most ``MOST_BYTES`` long."""
    shown = RULES_SHOWN
    while True:
        text = template("submission.html").render(_context(verdict, shown))
        if len(text.encode()) <= MOST_BYTES or not shown:
            return text
        shown = shown * 2 // 3


def write(folder: Path, _: SubmissionChecked, verdict: Mapping[str, Any]) -> None:
    """Write ``report.html``."""
    (folder / "report.html").write_text(page(verdict), encoding="utf-8")


def _context(verdict: Mapping[str, Any], most: int) -> dict[str, Any]:
    """The values for the template. Only the first ``most`` rules, the most serious, have a detail."""
    rules = [_rule(rule, number, most) for number, rule in enumerate(verdict["rules"])]
    causes = [rule for rule in rules if rule["columns"]]
    rejecting = [rule for rule in rules if rule["is_rejecting"] and not rule["columns"]]
    others = [rule for rule in rules if not (rule["is_rejecting"] or rule["columns"])]
    tried = [rule for rule in others if not Effect(rule["effect"]).is_applied]
    warning = others[: len(others) - len(tried)]
    present = [effect for effect in Effect if effect.value in verdict["effects"]]
    return {
        "verdict": verdict,
        "totals": verdict["totals"],
        "who": verdict["provider"] or "an unknown provider",
        "which": month_name(verdict["month"]),
        "is_file_rejected": Effect.REJECT_FILE in present,
        "is_check": not verdict["submission_id"],
        "standing": _standing(verdict),
        "erased_rows": verdict.get("erased_rows", 0),  # a check and reports up to 0.5 have none
        "asked": [{**each, "answer_said": answer_said(each)} for each in verdict.get("questions", ())],
        "rules": rules,
        "notes": verdict.get("notes", []),  # reports up to 0.9.0 have none
        "sections": [
            ("causes", "Causes: mend these first", [rule for rule in causes if rule["is_shown"]]),
            ("rejections", "Rejections, rule by rule", [rule for rule in rejecting if rule["is_shown"]]),
            ("warnings", "Warnings, rule by rule", [rule for rule in warning if rule["is_shown"]]),
            ("tried", "Rules that are tried out, rule by rule", [rule for rule in tried if rule["is_shown"]]),
        ],
        "causes": causes,
        "explained": sum(rule["explains"]["findings"] for rule in causes if rule["explains"]),
        "first": [*causes, *rejecting],
        "rejecting": rejecting,
        "warning": warning,
        "changes": _changes(verdict, rules, min(LISTED, most)),
        "since": [_since(each) for each in verdict.get("changes", [])],
        "to_correct": verdict["totals"].get("to_correct", verdict["totals"]["roots"]),
        "first_records": _first_records(verdict),
        "cascaded": sum(each["records"] for each in verdict["rejected_by_cascade"]),
        "meanings": [(effect.value, _MEANING[effect]) for effect in present],
        "most": most,
        "listed": LISTED,
        "open": OPEN,
        "reached_open": REACHED_OPEN,
    } | dressed("reports.site")


def _standing(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a submission counts, beyond its rules; all empty where a check cannot know it."""
    of = verdict["standing"]
    since = of.get("counts_from")
    return {
        "is_held": of.get("state") == "held",
        "is_withdrawn": of.get("state") == "withdrawn",
        "why": of.get("why") or "",
        "doubts": doubts_said(of.get("held", [])),
        "is_late": bool(of.get("is_late")),
        "counts_from": day(since) if since else "",
    }


def _rule(rule: Mapping[str, Any], number: int, most: int) -> dict[str, Any]:
    """A rule with what the page says about it beyond the verdict."""
    ranges = rule["rows"].split(", ")
    meant = rule.get("meant") or [None] * len(rule["values"])  # reports up to 0.9.0 have none
    found = list(zip(rule["values"], rule["value_records"], meant, strict=True)) if rule["rows"] else []
    # A report that an earlier version wrote is written anew when its standing changes (``report.restate``).
    since = {
        "records_to_correct": rule["records"],
        "returns_alone": rule["records"] + rule["cascade_rows"],
        "returns_so_far": 0,
        "owner": "",
        "national_rules": [],
    }
    return {
        "columns": [],  # reports up to 0.9.0 know no causes
        "explains": None,
        **since,
        **rule,
        "anchor": f"rule-{number + 1}",
        "is_shown": number < most,
        "is_rejecting": Effect(rule["effect"]).is_rejection,
        "beside": ", ".join(ranges[:_BESIDE]) + (" …" if len(ranges) > _BESIDE else ""),
        "found": found,
        "found_more": rule["distinct_values"] - len(found) if found else 0,
        "found_nothing": _found_nothing(rule),
        "reached": _reached(rule.get("columns", ())),
    }


def _first_records(verdict: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The records to correct first, where there is something to choose: one brings back more than itself."""
    records = verdict.get("to_correct", [])
    return records if len(records) > 1 and records[0]["returns_alone"] > 1 else []


def _reached(columns: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """By table the columns that a cause reached, each with how many of its values."""
    found: dict[str, list[str]] = {}
    for each in columns:
        of = "all" if each["values"] == each["filled"] else f"{each['values']:,} of"
        found.setdefault(each["table"], []).append(f"{each['field']} ({of} {each['filled']:,})")
    return [(table, ", ".join(names)) for table, names in found.items()]


def _found_nothing(rule: Mapping[str, Any]) -> str:
    """What to say where a finding about records shows no value."""
    if not rule["rows"] or not rule["field"] or rule["values"]:
        return ""
    return "Not shown: the value could identify a person." if rule["masked"] else "The value is blank."


def _changes(verdict: Mapping[str, Any], rules: Sequence[dict[str, Any]], most: int) -> dict[str, Any]:
    """What has changed since the report before: at most ``most`` rules of a kind, and how many there are."""
    kinds = {
        "new": [rule for rule in rules if rule["status"] == "new"],
        "resolved": verdict["resolved"],
        "not checked": verdict["not_checked"],
    }
    persisting = [rule for rule in rules if rule["status"] == "persisting"]
    return {
        "lists": [(kind, found[:most], len(found)) for kind, found in kinds.items() if found],
        "persisting": len(persisting),
        "records": sum(rule["records"] for rule in persisting),
        "records_before": sum(rule["records_before"] for rule in persisting),
    }


def _since(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What changed since an earlier submission: the tables in which anything did, and how many are as they were."""
    changed = {
        name: rows
        for name, rows in changes["tables"].items()
        if any(rows[number] for number in ("added", "changed", "gone"))
    }
    compared = len(changes["tables"])
    return {**changes, "tables": changed, "compared": compared, "as_they_were": compared - len(changed)}


@cache
def template(name: str) -> Template:
    """A template of ``reports/site/templates``: escaping on, an unknown name an error, our filters known."""
    own = environment("reports.site")
    own.filters |= {
        "counted": counted,
        "deadline": deadline,
        "sentence": sentence,
        "thousands": lambda number: f"{number:,}",
        "owner": lambda owner: OWNERS[owner],
        "status": lambda status: STATUS[status],
    }
    return own.get_template(name)
