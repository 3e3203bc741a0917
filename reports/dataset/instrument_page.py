"""The page of the instrument catalogue.

Belongs here: the page ``instruments.md``. Does not belong here: the catalogue (``schemas.instruments``), the
reference set of codes that a score may have (``schemas.tools``).
"""

from collections.abc import Iterator

from reports.dataset.markdown import code, facts_list, link, page, table, text
from schemas.instruments import Instrument, Question, dated_instruments, instruments, questions
from schemas.pathway import pathways

_RECALLED = " **(recalled)**"


def instruments_page() -> str:
    """``instruments.md``."""
    known = instruments()
    recalled = sum(bool(found.recalled) for found in known)
    named = "; ".join(f"{found.code} {text(found.name)}" for found in pathways())
    tools = link("assessment tools", "code-lists.md#assessment_tool")
    return page(
        "# Instruments",
        f"{len(known)} scored outcome measures: the code of the score, its valid range, which direction is "
        "better, the caseness cut-off, and the threshold of reliable change. A score outside its range is kept "
        "with a warning and left out of every outcome. A measure without a known SNOMED CT code is sent under "
        f"its short name. Other codes that a score may have: {tools}. Pathways: {named}.",
        f"**(recalled)** marks a value that was not found in a public source and needs confirmation: {recalled} "
        "measures have one. To correct one, change `schemas/instruments.csv`. No code changes.",
        "If a cut-off changed on a date, the table shows the latest one. The first score is judged by the "
        "cut-off on its date. The last score and the change are judged by the cut-off on the date of the last "
        "score.",
        table(
            ("instrument", "name", "send as", "range", "better", "case", "reliable change", "pathways"),
            (_row(found) for found in known),
        ),
        *(part for found in known for part in (f"## {found.instrument}", _facts(found))),
        "## Questions about care",
        "Patients' experience: answered in words or from 0 to 4, higher is better. These questions have no score.",
        table(
            ("code", "question", "questionnaire", "answers", "source"),
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
    earlier = [each for each in dated_instruments() if each.instrument == found.instrument][:-1]
    recovery = "" if found.recovery_cut_off == found.caseness else _marked(
        found, "recovery_cut_off", found.recovery_cut_off
    )  # fmt: skip
    return facts_list(
        (
            ("name", text(found.name)),
            ("send as", code(found.codes[0])),
            ("also accepted", ", ".join(code(other) for other in found.accepted[1:])),
            ("items", _marked(found, "items", found.items)),
            ("range", _range(found)),
            ("better", found.direction),
            ("a case", _caseness(found)),
            ("recovery cut-off", recovery),
            ("reliable change", _marked(found, "reliable_change", found.reliable_change)),
            ("holds", _period(found)),
            ("before", "; ".join(_cut_offs(each) for each in earlier)),
            ("severity bands", "; ".join(text(name) for name in found.severity_bands)),
            ("role", found.role),
            ("domain", text(found.domain)),
            ("for complaints", ", ".join(code(prefix) for prefix in found.complaint_prefixes)),
            ("pathways", " ".join(found.pathways)),
            ("schedule", text("; ".join(_schedule(found)))),
            ("note", text(found.note)),
            ("source", f"{text(found.source)} ({'found' if found.confidence == 'F' else 'in part recalled'})"),
        )
    )


def _schedule(found: Instrument) -> Iterator[str]:
    named = (("every session", found.every_session), ("baseline, 3-monthly, end", found.periodic))
    yield from (f"{when} ({' '.join(codes)})" for when, codes in named if codes)


def _period(found: Instrument) -> str:
    start, end = (
        f"{word} {day}" if day else "" for word, day in (("from", found.valid_from), ("to", found.valid_to))
    )
    return " ".join(part for part in (start, end) if part)


def _cut_offs(found: Instrument) -> str:
    caseness = f"a case {_caseness(found)}" if found.caseness is not None else "no cut-off"
    recovery = f", recovery cut-off {found.recovery_cut_off:g}" if found.recovery_cut_off is not None else ""
    change = f", reliable change {found.reliable_change:g}" if found.reliable_change is not None else ""
    return f"{_period(found)}: {caseness}{recovery}{change}"


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
    return code(found.code), text(found.name), text(found.questionnaire), answers, source
