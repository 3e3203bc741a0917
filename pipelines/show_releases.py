"""Releases and their differences on the command line, for a plain terminal of 80 columns.

Belongs here: lines of text. Does not belong here: what is said (``pipelines.differing``).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from pipelines.show import line
from reports.site.wording import counted, day, first_of

if TYPE_CHECKING:  # it brings DuckDB with it
    from pipelines.differing import Listed

WIDTH = 80
# Organisations named with a part; the tables have all.
_NAMED = 3
_SHOWN = 40
RULES_NAMED = 3


def releases(found: Sequence["Listed"]) -> None:
    """A line per release, the last one last, and why it has its version."""
    for each in found:
        place = f"{each.position:>3}" if each.position else "  -"
        when = _when(each.published_at) if each.published_at else "day not known"
        notes = ["current"] if each.is_current else []
        notes += [] if each.has_exact else ["public figures only"]
        line(f"{place}  {each.version or '-':<8} {each.release:<24} {when}{''.join(f'; {note}' for note in notes)}")
        if each.because:
            text(f"     {each.because}")
    if not found:
        line("Nothing is published yet.")


def difference(said: Mapping[str, Any]) -> None:
    """What changed: the inputs, then England's figures measure by measure with their parts."""
    line(f"From release {said['before']} to release {said['after']}.")
    if said.get("why_not"):
        text(f"{said['why_not']} Only protected figures are compared, and their differences have no parts.")
    if "submissions" in said:
        _inputs(said)
    if "figures" in said:
        figures_of_provider(said)
    else:
        england(said["england"])


def _inputs(said: Mapping[str, Any]) -> None:
    changed = said["submissions"]
    line("")
    line(f"{counted(len(changed), 'file')} changed." if changed else "No file changed.")
    for each in changed[:_SHOWN]:
        of = f"{each['provider']:<6} {_month(each['month']):<15}"
        line(f"  {of} {each['cause']}{_records(each)}")
        for rule in each["rules"][:RULES_NAMED]:
            line(f"      {rule['rule']}: {rule['before']:,} findings, now {rule['after']:,}")
    if len(changed) > _SHOWN:
        line(f"  … and {len(changed) - _SHOWN:,} more; --json has all.")
    for name, what in (("code", "What counts the figures"), ("reference_data", "Reference data")):
        is_same = said[name]["before"] == said[name]["after"]
        line(f"{what}: {'as before.' if is_same else 'another version.'}")


def _records(each: Mapping[str, Any]) -> str:
    numbers = [f"{each[name]:,}" for name in ("records_before", "records_after") if each[name] is not None]
    return f": {' → '.join(numbers)} rows" if numbers else ""


def england(figures: Sequence[Mapping[str, Any]]) -> None:
    """Measure by measure. Of several months the one that moved most stands for them."""
    line("")
    by_measure: dict[str, list[Mapping[str, Any]]] = {}
    for each in figures:
        by_measure.setdefault(each["measure"], []).append(each)
    if not by_measure:
        line("No figure of England over all pathways differs.")
        return
    line(f"England, all pathways: {counted(len(by_measure), 'measure')} moved.")
    is_one = len(by_measure) == 1
    for measure, of in by_measure.items():
        shown = of if is_one else [max(of, key=lambda each: (each["period_type"] == "month", _size(each)))]
        more = len(of) - len(shown)
        line("")
        line(measure + (f" (and {counted(more, 'period')} more: --measure {measure})" if more else ""))
        for each in shown:
            period = _period(each["period_type"], each["period_start"])
            line(f"  {period:<26} {_figure(each, 'before')} → {_figure(each, 'after')}")
            for part in _parts(each):
                text(f"    {part}", 6)


def figures_of_provider(said: Mapping[str, Any]) -> None:
    """The figures of one provider that moved."""
    line("")
    line(f"{said['organisation']}, all pathways: {counted(len(said['figures']), 'figure')} moved.")
    for each in said["figures"]:
        sides = {
            side: {name: each[f"{name}_{side}"] for name in ("numerator", "denominator", "value", "state")}
            for side in ("before", "after")
        }
        moved = {**each, **sides}
        line(f"{each['measure']}")
        period = _period(each["period_type"], each["period_start"])
        line(f"  {period:<26} {_figure(moved, 'before')} → {_figure(moved, 'after')}")
        if each["cause"]:
            line(f"    {each['cause']}")


def _parts(each: Mapping[str, Any]) -> Iterator[str]:
    for part in each.get("parts", ()):
        by = f"{part['cause']} ({first_of(part['organisations'], _NAMED)})"
        counts = f"{part['numerator']:+,}"
        if part["denominator"] is not None:
            counts += f" of {part['denominator']:+,}"
        value = part["value"]
        if each["kind"] == "share" and value is not None:
            yield f"{value * 100:+.1f} points: {by}, {counts}"
        elif each["kind"] == "count":
            yield f"{counts}: {by}"
        else:
            yield f"{f'{value:+.2f}: ' if value is not None else ''}{by}, {counts}"
    if each.get("kind") in ("median", "p90"):
        yield "a median or 90th centile is of all values together, so it has no parts"


def _figure(each: Mapping[str, Any], side: str) -> str:
    figure = each[side]
    if figure["value"] is None:
        return str(figure["state"])
    if figure["denominator"] is None:
        return f"{figure['value']:,.0f}"
    if each.get("kind", "share") == "share" and figure["numerator"] is not None:
        return f"{figure['value'] * 100:.1f} % ({figure['numerator']:,} of {figure['denominator']:,})"
    return f"{figure['value']:,.2f}"


def _size(each: Mapping[str, Any]) -> float:
    values = [each[side]["value"] or 0 for side in ("before", "after")]
    return abs(float(values[1]) - float(values[0]))


def _period(kind: str, start: date) -> str:
    return _month(start) if kind == "month" else f"{kind} from {start:%b %Y}"


def _month(month: date) -> str:
    return f"{month:%B %Y}"


def _when(text: str) -> str:
    return day(datetime.fromisoformat(text).date().isoformat())


def text(text: str, further: int = 2) -> None:
    """Text on lines of 80 columns, the further ones indented."""
    indent = text[: len(text) - len(text.lstrip())]
    for each in wrap(text.strip(), WIDTH, initial_indent=indent, subsequent_indent=" " * max(len(indent), further)):
        line(each)
