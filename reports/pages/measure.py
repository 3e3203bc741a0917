"""The page of a measure: what it counts, England's figure, services beside each other, and the months.

Belongs here: what stands on the page, and reading it, once for all measures. Does not belong here: services beside
each other (``peers``), the months (``over_time``), definitions (``warehouse/measures``).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from markupsafe import Markup

from reports.pages import addresses, cells
from reports.pages.beside import Beside
from reports.pages.earlier import Earlier
from reports.pages.figures import ALL
from reports.pages.numbers import Source
from reports.pages.over_time import Charts
from reports.pages.page import Page, rendered
from reports.pages.peers import Peers, peers
from reports.pages.release import Measure, Release
from schemas.pathway import Pathway, pathways

# Characters of charts on one page: 400 KB are the most, and 40 KB are styles and the texts around them. A funnel of
# 200 services has 170 KB, their figures one below the other 231 KB.
_MOST_CHARTS = 320_000

_NATIONAL = """
SELECT n.measure, n.pathway, n.numerator, n.denominator, n.value, n.state
FROM public.national AS n
INNER JOIN public.measure AS m ON m.measure = n.measure
WHERE n.source = 'submitted' AND n.period_type = ? AND n.period_start = ?
ORDER BY m.position, n.pathway
"""
_SERVICES = """
SELECT s.measure, s.pathway, s.organisation AS provider, s.numerator, s.denominator, s.value, s.state,
    c.funnel_position_adjusted AS position, c.services, c.tau, c.why_no_position
FROM public.service_measure AS s
INNER JOIN public.measure AS m ON m.measure = s.measure
LEFT JOIN public.service_comparison AS c
    ON c.source = s.source AND c.provider = s.organisation AND c.period_type = s.period_type
    AND c.period_start = s.period_start AND c.pathway = s.pathway AND c.measure = s.measure
WHERE s.source = 'submitted' AND s.level = 'provider' AND s.period_type = ? AND s.period_start = ?
    AND s.pathway <> 'all' AND s.state IN ('value', 'no rate', 'suppressed')
ORDER BY m.position, s.pathway, s.organisation
"""
_OFFICIAL = """
SELECT o.measure, o.official_id, o.official_name, o.answer, o.breakdown, o.note
FROM public.official_measure AS o
INNER JOIN public.measure AS m ON m.measure = o.measure
ORDER BY m.position, o.official_id
"""


def pages(release: Release) -> Iterator[Page]:
    """A page for each measure of the release."""
    if release.is_empty or not release.has("public", "condition"):
        return
    order = {name: place for place, name in enumerate(release.measures)}
    year = (release.period.kind, release.period.start)
    national = Beside(release.rows(_NATIONAL, *year), "measure", order)
    services = Beside(release.rows(_SERVICES, *year), "measure", order)
    official = Beside(release.rows(_OFFICIAL), "measure", order)
    charts = Charts(release, order)
    earlier = Earlier(release)
    for measure in release.measures.values():
        values = _values(
            release, measure, list(national.of(measure.id)), list(services.of(measure.id)), charts.of(measure)
        )
        values |= {"official": list(official.of(measure.id)), "earlier": earlier.of_measure(measure)}
        for section in apart(values["sections"], _size(values)):
            section.address = addresses.measure(measure.id, section.condition.name)
            yield rendered("services.html", section.address, release, {"measure": measure, "section": section})
        yield rendered("measure.html", addresses.measure(measure.id), release, values)


def _values(
    release: Release,
    measure: Measure,
    national: Sequence[Any],
    services: Sequence[Any],
    charts: Mapping[str, Markup],
) -> dict[str, Any]:
    known = {each.code: each for each in pathways()}
    rows = {row["pathway"]: row for row in national}
    beside: dict[str, list[Any]] = defaultdict(list)
    for pathway, own in groupby(services, key=itemgetter("pathway")):
        beside[pathway] = list(own)
    sections = []
    for code in sorted(rows, key=lambda code: (code == ALL, code)):
        if code == ALL or code not in known:
            continue
        condition = known[code]
        found = peers(release, measure, condition, rows[code], beside[code])
        if rows[code]["state"] not in ("not applicable", "not submitted") or beside[code]:
            sections.append(_Section(condition, _national(release, measure, rows[code]), found, charts.get(code)))
    whole = rows.get(ALL)
    return {
        "measure": measure,
        "whole": None if whole is None or len(sections) < 2 else _national(release, measure, whole),
        "whole_over_time": charts.get(ALL) if len(sections) > 1 else None,
        "sections": sections,
        "facts": facts(measure),
        "conditions": [known[code] for code in measure.pathways.split() if code in known],
    }


class _Section:
    """A condition on the page of a measure."""

    def __init__(self, condition: Pathway, national: Markup, beside: Peers, over_time: Markup | None) -> None:
        self.condition, self.national, self.peers, self.over_time = condition, national, beside, over_time
        # Of the page that its services have for themselves, where the page of the measure would be too large.
        self.address = ""


def apart(sections: Sequence[_Section], size: int) -> list[_Section]:
    """The sections whose services get a page of their own, the largest first, until ``size`` is small enough."""
    found = []
    for section in sorted(sections, key=lambda each: (-len(each.peers.chart), each.condition.code)):
        if size <= _MOST_CHARTS:
            break
        size -= len(section.peers.chart)
        found.append(section)
    return found


def _size(values: Mapping[str, Any]) -> int:
    """The characters of all charts of a page."""
    earlier = values["earlier"] or {"over_time": "", "chart": ""}
    own = sum(len(each.peers.chart) + len(each.over_time or "") for each in values["sections"])
    return own + len(values["whole_over_time"] or "") + len(earlier["over_time"]) + len(earlier["chart"])


def _national(release: Release, measure: Measure, row: Mapping[str, Any]) -> Markup:
    year = release.period
    source = Source("national", "value", "ENG", measure.id, year.kind, year.start, row["pathway"])
    return cells.figure(measure, row, source)


_OVER_TIME = {
    "flow": "What happened in a period. A year is all its months together.",
    "stock": "What there is at the end of a month. A year is its last month.",
}
_OVER_PLACES = {
    "sum": "The counts of all services are added up, then the figure is worked out.",
    "pooled values": "The middle value of all people together. It is no average of the services' figures.",
}
_KINDS = {
    "count": "a count", "share": "a share: the people counted, of all who could be", "mean": "an average",
    "median": "the middle value: half of people are below, half above",
    "p90": "the value that 9 in 10 people stay below", "rate": "events in a year of a person's time",
    "day_rate": "days in a year of a person's time",
}  # fmt: skip
_BETTER = {"higher": "Higher is better.", "lower": "Lower is better.", "none": "Neither high nor low is better."}
_COUNTED = {
    "pathway": "Referrals. A person who is referred twice counts twice.",
    "caseload": "People whose care is open at the end of the month.",
    "contact": "Appointments. One person may have many.",
    "activity": "What was done in appointments. One person may have many.",
    "outcome": "Pairs of scores: one for each person and questionnaire.",
    "therapy": "Courses of one therapy. A person may have several.",
    "internet_log": "Sessions of therapy over the internet.",
    "answer": "Answers to questions about care. One person answers several.",
}


def facts(measure: Measure) -> list[tuple[str, str]]:
    """How a measure is counted, as names and texts."""
    found = [
        ("What is counted", measure.meaning),
        ("Rows counted", _COUNTED[measure.grain]),
        ("Kind of figure", f"It is {_KINDS[measure.kind]}."),
        ("Unit", "per cent" if measure.unit == "share" else measure.unit),
        ("Over time", _OVER_TIME[measure.over_time]),
        ("Over places", _OVER_PLACES[measure.over_places]),
        ("Better", _BETTER[measure.direction]),
        ("Source", f"{measure.found_in}{' (recalled, to be confirmed)' if measure.is_recalled else ''}"),
        ("Holds from", measure.since),
    ]
    return [(name, text) for name, text in found if text]
