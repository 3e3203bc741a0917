"""The instrument catalogue as people look it up.

Belongs here: the page ``instruments.md``. Does not belong here: the catalogue (``schemas.instruments``), the
reference set of codes a score may carry (``schemas.tools``).
"""

from reports.dataset.markdown import code, facts_list, link, page, table, text
from schemas.codes import code_list
from schemas.instruments import Instrument, Question, instruments, questions
from schemas.tools import tools

_RECALLED = " **(recalled)**"


def instruments_page() -> str:
    """``instruments.md``."""
    known = instruments()
    recalled = sum(bool(found.recalled) for found in known)
    pathways = "; ".join(f"{found.code} {text(found.meaning)}" for found in code_list("pathway"))
    tools = link("assessment tools", "code-lists.md#assessment_tool")
    return page(
        "# Instruments",
        f"{len(known)} scored outcome measures: the code a score is sent under, its valid range, which way is "
        "better, where caseness begins, and how large a change must be to be reliable. A score outside its range "
        "is kept with a warning and counts in no outcome. A measure for which no SNOMED CT code was found is sent "
        f"under its short name. Which other codes a score may carry: {tools}. Pathways: {pathways}.",
        f"**(recalled)** marks a value that was not found in a public source and is to be confirmed: {recalled} "
        "measures have one. Each is corrected in `schemas/instruments.csv`; no code changes.",
        table(
            ("instrument", "name", "send as", "range", "better", "case", "reliable change", "pathways"),
            (_row(found) for found in known),
        ),
        *(part for found in known for part in (f"## {found.instrument}", _facts(found))),
        "## Questions about care",
        "Patients' experience: answered in words or 0 to 4, higher is better; they have no score.",
        table(
            ("code", "question", "questionnaire", "answers", "schedule", "source"),
            (_question_row(found) for found in questions()),
        ),
    )


def _row(found: Instrument) -> tuple[str, ...]:
    return (
        link(found.instrument, f"#{found.instrument.lower()}"),
        text(found.name),
        code(found.codes[0]),
        _range(found),
        found.direction,
        _caseness(found),
        _marked(found, "reliable_change", found.reliable_change),
        " ".join(found.pathways),
    )


def _facts(found: Instrument) -> str:
    recovery = "" if found.recovery_cut_off == found.caseness else _marked(
        found, "recovery_cut_off", found.recovery_cut_off
    )  # fmt: skip
    accepted = {tool.code for tool in tools()}
    items = _marked(found, "items", found.items)
    if found.reversed_items:
        items += f", turned round: {', '.join(str(item) for item in found.reversed_items)}"
    return facts_list(
        (
            ("name", text(found.name)),
            ("send as", code(found.codes[0])),
            ("also accepted", ", ".join(code(other) for other in found.codes[1:] if other in accepted)),
            ("items", items),
            ("range", _range(found)),
            ("better", found.direction),
            ("a case", _caseness(found)),
            ("recovery cut-off", recovery),
            ("reliable change", _marked(found, "reliable_change", found.reliable_change)),
            ("role", found.role),
            ("goes with complaints", ", ".join(code(prefix) for prefix in found.complaint_prefixes)),
            ("pathways", " ".join(found.pathways)),
            ("schedule", text(found.schedule)),
            ("note", text(found.note)),
            ("source", f"{text(found.source)} ({'found' if found.confidence == 'F' else 'in part recalled'})"),
        )
    )


def _range(found: Instrument) -> str:
    decimals = f", up to {found.decimals} decimals" if found.decimals else ""
    mark = _RECALLED if {"low", "high"} & set(found.recalled) else ""
    return f"{found.low:g} to {found.high:g}{decimals}{mark}"


def _caseness(found: Instrument) -> str:
    if found.caseness is None:
        return ""
    return text(f"{found.caseness_test} ") + " " + _marked(found, "caseness", found.caseness)


def _marked(found: Instrument, column: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:g}" + (_RECALLED if column in found.recalled else "")


def _question_row(found: Question) -> tuple[str, ...]:
    source = f"{text(found.source)} ({'found' if found.confidence == 'F' else 'recalled'})"
    answers = " ".join(code(answer) for answer in found.answers)
    return code(found.code), text(found.name), text(found.questionnaire), answers, text(found.schedule), source
