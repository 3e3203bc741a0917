"""The page of NHS England's own measures: where each is found here, or why it is not. ``make docs`` writes it anew.

Belongs here: how the table looks. Does not belong here: what it says (``warehouse/measures/official.csv``).
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from warehouse.measures.official import ANSWERS, DIFFERS, LEFT_OUT, NOT_COMPUTED, SAME, Official, official

_INTRODUCTION = """# NHS England's measures, one by one

The monthly statistics of NHS Talking Therapies define {total} measures and groups of variables. This page says of
each what there is here. It is written from `warehouse/measures/official.csv`; `mart.official_measure` has the same
rows.

{counts}

**Same** means: by the official construction, for what this dataset can hold. Records of version 1.5 and appointment
type 10 are not in it. The column «here» names the measure, its figure, and the breakdown and group. A count is a
`numerator`. Figures of a group are in `mart.breakdown_measure`, all others in `mart.service_measure`.
"""
_SECTIONS = {
    SAME: ("Same", "By the official construction."),
    DIFFERS: ("Differs", "The nearest figure, and how it differs."),
    LEFT_OUT: (
        "Left out",
        "Could be counted and is not: every measure makes every build longer, or says too little.",
    ),
    NOT_COMPUTED: ("Not computed", "Needs an element that the dataset does not have."),
}


def page(table: Sequence[Official] | None = None) -> str:
    """The page in Markdown: a table for each answer."""
    found = official() if table is None else table
    counted = Counter(each.answer for each in found)
    counts = "\n".join(f"- {counted[answer]} {answer}" for answer in ANSWERS)
    parts = [_INTRODUCTION.format(total=len(found), counts=counts)]
    for answer, (title, says) in _SECTIONS.items():
        has_place = answer in (SAME, DIFFERS)
        head = (
            "| id | name | here | note |\n|---|---|---|---|" if has_place else "| id | name | why |\n|---|---|---|"
        )
        rows = [_row(each, has_place) for each in found if each.answer == answer]
        parts.append("\n".join([f"## {title}\n\n{says}\n", head, *rows, ""]))
    return "\n".join(parts)


def _row(each: Official, has_place: bool) -> str:
    cells = [each.official_id, each.official_name, *([_place(each)] if has_place else []), each.note]
    return f"| {' | '.join(cells)} |"


def _place(each: Official) -> str:
    groups = f"`{each.breakdown}`: {', '.join(each.groups) or 'every group'}" if each.breakdown else ""
    measure = f"`{each.measure}` {each.figure}" if each.measure else ""
    return ", ".join(part for part in (measure, groups) if part)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
