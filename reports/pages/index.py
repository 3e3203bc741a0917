"""The first page: every other page as a plain list, and a search through the list that needs no server.

Belongs here: the lists and what may be searched for. Does not belong here: the search itself
(``templates/search.js``), the pages.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from reports.pages import addresses
from reports.pages.areas import UNKNOWN
from reports.pages.earlier import Earlier, year_words
from reports.pages.page import Page, rendered
from reports.pages.place import LEVELS
from reports.pages.release import Measure, Organisation, Release
from schemas.pathway import pathways

ELSEWHERE = "Region not known"
# What the rows of a measure are, as a heading.
_GRAINS = {
    "pathway": "Referrals and courses of treatment", "caseload": "People waiting or in treatment",
    "contact": "Appointments",
    "activity": "What was done in appointments", "outcome": "Scores", "therapy": "Courses of one therapy",
    "internet_log": "Therapy over the internet", "answer": "What people said",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A line: its address, its name, and further words by which it is found."""

    address: str
    name: str
    words: str


def pages(release: Release) -> Iterator[Page]:
    """One page: the index."""
    if not release.has("public", "condition"):
        return
    earlier = Earlier(release)
    known = earlier.current
    services = [each for each in release.organisations if each.level == "provider" and each.is_submitted]
    published = [
        each for each in release.organisations if each.level == "provider" and each.code in release.published
    ]
    values = {
        "england": Entry(addresses.place("ENG"), "England", "ENG country national"),
        "conditions": [Entry(addresses.condition(each.name), each.name, each.icd10_says) for each in pathways()],
        "places": [
            Entry(addresses.place(each.code), each.name, f"{each.code} {LEVELS[each.level]}")
            for level in ("region", "ICB") for each in release.organisations
            if each.level == level and each.code != UNKNOWN
        ],
        "services": _by_region(release, services, addresses.service),
        "published": _by_region(release, [each for each in published if each.code in known], addresses.published),
        "closed": [_entry(each, addresses.published) for each in published if each.code not in known],
        "years": (year_words(earlier.years[0]), year_words(earlier.years[-1])) if earlier.years else None,
        "measures": _measures(release),
    }  # fmt: skip
    yield rendered("index.html", addresses.INDEX, release, values, script="search.js")


def _entry(each: Organisation, address: Callable[[str], str]) -> Entry:
    return Entry(address(each.code), each.name, each.code)


def _by_region(
    release: Release, services: Sequence[Organisation], address: Callable[[str], str]
) -> list[tuple[str, list[Entry]]]:
    """Services by region and name."""
    named = [(release.name_of("region", each.region) if each.region else ELSEWHERE, each) for each in services]
    ordered = sorted(named, key=lambda at: (at[0] == ELSEWHERE, at[0]))
    return [
        (region, [_entry(each, address) for _, each in own])
        for region, own in groupby(ordered, key=lambda at: at[0])
    ]


def _measures(release: Release) -> list[tuple[str, list[Entry]]]:
    found: dict[str, list[Entry]] = {}
    for measure in release.measures.values():
        found.setdefault(_GRAINS[measure.grain], []).append(_measure(measure))
    return list(found.items())


def _measure(measure: Measure) -> Entry:
    return Entry(addresses.measure(measure.id), measure.title, f"{measure.id.replace('_', ' ')} {measure.official}")
