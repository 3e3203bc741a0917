"""Questions about a submission in words: what is unlike the months before, and what was answered.

Belongs here: the sentences. Does not belong here: what is asked (``transforms.plausible.questions``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.site.wording import counted, month_name
from schemas.codes import code_list
from schemas.dataset import find_table
from schemas.field import Field, Identity

_NAMES_SAID = 4


def said(question: Mapping[str, Any]) -> str:
    """One question, from its row (``Question.as_row``): what it is now, and what it was."""
    if question["kind"] == "same":
        then = month_name(question["value"])
        return f"Every table and code has the same counts as in {then}. Was {then} sent again?"
    return f"{_now(question)} {_before(question)}{_also(question)}"


def answer_said(question: Mapping[str, Any]) -> str:
    """What was answered, by whom, and until when it holds; empty where it was not."""
    answer = question.get("answer")
    if not answer:
        return ""
    return f"«{answer['why']}» ({answer['who']}, for months until {month_name(answer['until'])})"


def _now(question: Mapping[str, Any]) -> str:
    table, field, now, of = (question[name] for name in ("table", "field", "now", "of"))
    rows = f"{now:,} of {counted(of, 'row')}"
    if question["kind"] == "rows":
        has = "has" if table else "have"
        return f"{table or 'Most tables together'} {has} {counted(now, 'row')}."
    if question["kind"] == "day":
        return f"{table}: {now:,} of {of:,} dates in {field} are the same day."
    if question["kind"] == "person":
        return f"{table}: {rows} name the same member of staff in {field}."
    return f"{table}: {field} {_value(table, field, question['value'])} in {rows}."


def _value(table: str, field: str, value: str) -> str:
    declared = _field(table, field)
    if not value:
        return "is blank"
    if declared is not None and declared.identity is Identity.DATE:
        return f"lies {value}"
    meaning = next((code.meaning for code in code_list(declared.codes) if code.code == value), "") if (
        declared is not None and declared.codes
    ) else ""  # fmt: skip
    return f"is «{value}» ({meaning})" if meaning else f"is «{value}»"


def _field(table: str, field: str) -> Field | None:
    found = find_table(table)
    return found.by_name.get(field) if found else None


def _before(question: Mapping[str, Any]) -> str:
    before: Sequence[Sequence[int]] = question["before"]
    is_replaced = "replace" in question["compared_with"]
    months = "the month before" if len(before) == 1 else f"the {len(before)} months before"
    where = "In the file that it would replace" if is_replaced else f"In {months}"
    if question["kind"] == "rows":
        return f"{where} it was {_range([count for count, _ in before])}."
    return f"{where} it was {_range([round(100 * count / of) for count, of in before if of])} %."


def _range(values: Sequence[int]) -> str:
    low, high = min(values, default=0), max(values, default=0)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _also(question: Mapping[str, Any]) -> str:
    names = [name or "blank" for name in question["also"]]
    if not names:
        return ""
    more = f" and {len(names) - _NAMES_SAID} more" if len(names) > _NAMES_SAID else ""
    listed = ", ".join(names[:_NAMES_SAID])
    return f" Also: {listed}{more}." if question["kind"] == "rows" else f" Other values: {listed}{more}."
