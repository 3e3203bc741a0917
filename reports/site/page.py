"""The report as one page: self-contained, readable without JavaScript, on a phone and on paper.

Belongs here: what the page shows and how much of it. Does not belong here: the words of rules (``schemas``), what
the verdict contains (``reports.site.report``).
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template

from reports.site.wording import STATUS, counted, day, deadline, doubts_said, month_name, sentence
from reports.templating import MOST_BYTES, dressed, environment
from schemas.rule import Effect
from transforms.submission import SubmissionChecked

# The most serious rules. After correcting them a site makes a new report, and the workbook has all rules.
RULES_SHOWN = 120
# In «What to fix first» and in each list of what has changed.
LISTED = 10
# Details that are open at first; the others open on a click.
OPEN = 3
# Ranges of rows beside a rule's message; the detail has more.
_BESIDE = 4

_MEANING = {
    Effect.REJECT_FILE: "No record of the submission counts until this is corrected.",
    Effect.REJECT_GROUP: "All records of the group are rejected, because it is unclear which one is right.",
    Effect.REJECT_RECORD: "The record and all records that belong to it do not count.",
    Effect.SEVERE_WARNING: "The record counts, but figures that need this value leave it out.",
    Effect.WARNING: "The record and the value count, unless the rule says otherwise. Check the value.",
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
    rejecting = [rule for rule in rules if rule["is_rejecting"]]
    warning = rules[len(rejecting) :]
    present = [effect for effect in Effect if effect.value in verdict["effects"]]
    return (
        {
            "verdict": verdict,
            "totals": verdict["totals"],
            "who": verdict["provider"] or "an unknown provider",
            "which": month_name(verdict["month"]),
            "is_file_rejected": Effect.REJECT_FILE in present,
            "is_check": not verdict["submission_id"],
            "standing": _standing(verdict),
            "erased_rows": verdict.get("erased_rows", 0),  # a check and reports up to 0.5 have none
            "rules": rules,
            "sections": [
                ("rejections", "Rejections, rule by rule", rejecting[:most]),
                ("warnings", "Warnings, rule by rule", [rule for rule in warning if rule["is_shown"]]),
            ],
            "rejecting": rejecting,
            "changes": _changes(verdict, rules, min(LISTED, most)),
            "cascaded": sum(each["records"] for each in verdict["rejected_by_cascade"]),
            "meanings": [(effect.value, _MEANING[effect]) for effect in present],
            "most": most,
            "listed": LISTED,
            "open": OPEN,
        }
        | dressed("reports.site")
    )


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
    found = list(zip(rule["values"], rule["value_records"], strict=True)) if rule["rows"] else []
    return {
        **rule,
        "anchor": f"rule-{number + 1}",
        "is_shown": number < most,
        "is_rejecting": Effect(rule["effect"]).is_rejection,
        "beside": ", ".join(ranges[:_BESIDE]) + (" …" if len(ranges) > _BESIDE else ""),
        "found": found,
        "found_more": rule["distinct_values"] - len(found) if found else 0,
        "found_nothing": _found_nothing(rule),
    }


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


@cache
def template(name: str) -> Template:
    """A template of ``reports/site/templates``: escaping on, an unknown name an error, our filters known."""
    own = environment("reports.site")
    own.filters |= {
        "counted": counted,
        "deadline": deadline,
        "sentence": sentence,
        "thousands": lambda number: f"{number:,}",
        "status": lambda status: STATUS[status],
    }
    return own.get_template(name)
