"""Code lists as people and programs look them up.

Belongs here: the page ``code-lists.md`` and the file ``code-lists.csv``. Does not belong here: the lists
(``schemas/codes``).
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import cache
from importlib.resources import files

from reports.dataset.dictionary import entries, list_of
from reports.dataset.markdown import code, folded, link, page, table, text
from schemas.codes import Code, code_list
from schemas.tools import tools

# Up to this many codes a list is shown open; up to the next folded; of longer ones the first only.
_OPEN, _FOLDED, _CUT = 25, 120, 25
CONFIDENCE = {"F": "found in the source named", "R": "recalled, to be confirmed"}
_SUFFIX = ".csv"
# The reference set of assessment tools also has the range of each score.
_TOOLS, _RANGE = "assessment_tool", ("low", "high", "decimals")
# Lists with their own columns: the columns to use as code and meaning.
_OTHER_COLUMNS = {"therapy_snomed": ("snomed", "label")}


@cache
def codes_of(name: str) -> tuple[Code, ...]:
    """The codes of a list: those of therapies and of assessment tools too, which are read in their own way."""
    if name == _TOOLS:
        return tuple(Code(tool.code, tool.name, None, None, tool.source, tool.confidence) for tool in tools())
    if name not in _OTHER_COLUMNS:
        return code_list(name)
    key, meaning = _OTHER_COLUMNS[name]
    with (files("schemas") / "codes" / f"{name}{_SUFFIX}").open(encoding="utf-8") as file:
        return tuple(
            Code(row[key], row[meaning], None, None, row["source"], row["confidence"])
            for row in csv.DictReader(file)
        )


@cache
def list_names() -> tuple[str, ...]:
    """The names of all code lists, in alphabetical order."""
    found = (files("schemas") / "codes").iterdir()
    return tuple(sorted(path.name.removesuffix(_SUFFIX) for path in found if path.name.endswith(_SUFFIX)))


def code_lists_csv() -> str:
    """``code-lists.csv``: every code of every list; assessment tools with the range of their scores."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["list", *(field.name for field in fields(Code)), *_RANGE])
    for name in list_names():
        for found in codes_of(name):
            ranges = _ranges() if name == _TOOLS else {}
            span = ranges.get(found.code, ("",) * len(_RANGE))
            writer.writerow([name, *(getattr(found, field.name) for field in fields(Code)), *span])
    return out.getvalue()


def code_lists_page() -> str:
    """``code-lists.md``."""
    return page(
        "# Code lists",
        "A code is accepted if it is valid on any day of the reported month. A code without dates is always "
        f"valid. {link('code-lists.csv', 'code-lists.csv')} has every code of every list for programs. Read its "
        "codes as text, or leading zeros are lost. Confidence: "
        + "; ".join(f"{k} {v}" for k, v in CONFIDENCE.items())
        + ".",
        "\n".join(f"- {link(name, f'#{name}')}: {len(codes_of(name))}" for name in list_names()),
        *(part for name in list_names() for part in _list_parts(name)),
    )


def _list_parts(name: str) -> Iterator[str]:
    codes = codes_of(name)
    yield f"## {name}"
    users = [
        link(entry.id, f"data-dictionary.md#{entry.id.lower()}")
        for entry in entries()
        if list_of(entry.field) == name
    ]
    yield f"{len(codes)} codes, used by {', '.join(users)}."
    # Said once above the table where it is the same for all; most lists have one source.
    if _has_one_source(codes):
        yield "Source: " + text(_source(codes[0])) + "."
    shown = codes if len(codes) <= _FOLDED else codes[:_CUT]
    body = _codes_table(name, codes, shown)
    yield body if len(codes) <= _OPEN or len(shown) < len(codes) else folded(f"All {len(codes)} codes", body)
    if len(shown) < len(codes):
        yield f"The first {len(shown)} of {len(codes)}; all are in {link('code-lists.csv', 'code-lists.csv')}."


def _codes_table(name: str, codes: Sequence[Code], shown: Sequence[Code]) -> str:
    """The codes shown; ranges, dates and sources have columns where the list needs them."""
    columns: dict[str, Callable[[Code], Sequence[str]]] = {
        "code": lambda found: [code(found.code)],
        "meaning": lambda found: [text(found.meaning)],
    }
    header = [*columns]
    if name == _TOOLS:
        header += _RANGE
        columns["range"] = lambda found: _ranges()[found.code]
    if any(found.valid_from or found.valid_to for found in codes):
        header += ["valid from", "valid to"]
        columns["valid"] = lambda found: [str(found.valid_from or ""), str(found.valid_to or "")]
    if not _has_one_source(codes):
        header += ["source"]
        columns["source"] = lambda found: [text(_source(found))]
    return table(header, [[cell for cells in columns.values() for cell in cells(found)] for found in shown])


def _has_one_source(codes: Sequence[Code]) -> bool:
    return len({(found.source, found.confidence) for found in codes}) == 1


@cache
def _ranges() -> dict[str, tuple[str, str, str]]:
    """Lowest and highest score and number of decimals of an assessment tool, by its code; blank where not known."""

    def told(value: float | None) -> str:
        return "" if value is None else f"{value:g}"

    return {tool.code: (told(tool.low), told(tool.high), told(tool.decimals)) for tool in tools()}


def _source(found: Code) -> str:
    return f"{found.source} ({CONFIDENCE[found.confidence]})"
