"""The pages of England, its regions and ICBs: who needs help, where care is unequal, whether to trust the figure.

Belongs here: what stands on the page of a place. Does not belong here: reading its figures (``areas``), the matrix
of its services (``matrices``), the page of a service (``service``).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from reports.pages import addresses, equity, quality
from reports.pages.areas import ENGLAND, UNKNOWN, Areas
from reports.pages.blocks import Telling
from reports.pages.earlier import Earlier, year_words
from reports.pages.matrices import Matrices, questions_said
from reports.pages.page import Page, rendered
from reports.pages.questions import REFERRED, STARTED, WAITING, WAITING_SO_FAR
from reports.pages.release import Organisation, Release
from reports.pages.waits import Flows
from schemas.pathway import Pathway, pathways

LEVELS = {ENGLAND: "Country", "region": "Region", "ICB": "Integrated care board"}
NEEDS = (REFERRED, STARTED, WAITING, WAITING_SO_FAR)

# Characters of all matrices on one page: that of 200 services and eight questions has 280 KB, and 400 KB are the
# most for a page that names all services and places as well.
_MOST_MATRICES = 230_000
# What a row of figures has beside its cells.
_ROW = 900


def pages(release: Release) -> Iterator[Page]:
    """A page for England, each region and each ICB."""
    if not release.has("public", "condition"):
        return
    places = [each for each in release.organisations if each.level in LEVELS and each.code != UNKNOWN]
    areas, matrices, earlier = Areas(release), Matrices(release), Earlier(release)
    flows = None if release.is_empty else Flows(release)
    for place in sorted(places, key=lambda each: each.code):
        values = _values(release, place, areas, matrices, earlier)
        values["waits"] = flows.block(place.level, place.code) if flows else None
        yield rendered("place.html", addresses.place(place.code), release, values)


def _values(
    release: Release, place: Organisation, areas: Areas, matrices: Matrices, earlier: Earlier
) -> dict[str, Any]:
    inside = [each for each in release.organisations if _is_inside(each, place)]
    providers = {each.code for each in inside if each.level == "provider"}
    found: dict[str, Any] = {
        "place": place, "kind": LEVELS[place.level],
        "region": release.at("region", place.region) if place.region else None,
        "regions": [each for each in inside if each.level == "region"],
        "icbs": [each for each in inside if each.level == "ICB"],
        "services": [each for each in inside if each.level == "provider" and each.is_submitted],
        "published": [each for each in inside if each.level == "provider" and each.code in earlier.current],
        "published_chart": earlier.of_place(place, providers),
        "published_year": year_words(earlier.years[-1]) if earlier.years else "",
        "conditions": [], "figures": None,
    }  # fmt: skip
    service = areas.of(place)
    if service is None:
        return found
    treated = [each for each in pathways() if service.size(each.code)]
    main = max(treated, key=lambda each: service.size(each.code), default=None)
    telling = Telling(release, service)
    found |= {
        "figures": service,
        "conditions": _fitting([_Condition(release, each, telling, matrices, providers) for each in treated]),
        "trust": areas.trust(place, providers),
        "late": areas.late(providers),
        "equity": Groups([equity.equity(release, service, measure_set) for measure_set in _sets(treated)]),
        "charts": areas.charts(place, treated),
        "quality": quality.items(telling, main) if main else [],
        "main": main,
    }
    return found


class Groups:
    """The groups of people of a place in one table for each breakdown, with a column for each thing compared."""

    def __init__(self, found: Sequence[equity.Equity]) -> None:
        """Of what is compared, one after the other; each has the same groups, as far as it has figures."""
        self.sentences = [each.sentence for each in found]
        self.compared = [each.compared for each in found]
        self.tables: list[tuple[str, list[tuple[str, Markup, list[equity.Line | None]]]]] = []
        for title in dict.fromkeys(title for each in found for title, _ in each.tables):
            by_name = [
                {line.name: line for of, lines in each.tables if of == title for line in lines} for each in found
            ]
            names = dict.fromkeys(name for lines in by_name for name in lines)
            self.tables.append(
                (
                    title,
                    [(name, self._came(name, by_name), [lines.get(name) for lines in by_name]) for name in names],
                )
            )

    @staticmethod
    def _came(name: str, by_name: Sequence[Mapping[str, equity.Line]]) -> Markup:
        return next(lines[name].came for lines in by_name if name in lines)


class _Condition:
    """A condition on the page of a place: who needs help, and its services by question."""

    def __init__(
        self, release: Release, condition: Pathway, telling: Telling, matrices: Matrices,
        providers: set[str],
    ) -> None:  # fmt: skip
        self.condition = condition
        self.needs = [telling.told(each, condition) for each in NEEDS if each.measure in release.measures]
        self.said = matrices.said(condition)
        self.matrix = matrices.drawn(condition, providers)
        self.figures = matrices.figures(condition, providers)
        self.columns = questions_said(matrices.columns(condition))
        self.is_elsewhere = False


def _fitting(conditions: Sequence[_Condition]) -> Sequence[_Condition]:
    """The conditions, the largest matrices left to the page of the condition until the others fit."""
    size = sum(map(_size, conditions))
    for each in sorted(conditions, key=lambda each: (-_size(each), each.condition.code)):
        if size > _MOST_MATRICES:
            size -= _size(each)
            each.matrix, each.figures, each.is_elsewhere = Markup(""), [], True
    return conditions


def _size(of: _Condition) -> int:
    """About how long the services of a condition are on the page, as symbols or as figures."""
    return len(of.matrix) + sum(_ROW + sum(map(len, cells)) for _, cells in of.figures)


def _sets(conditions: Sequence[Pathway]) -> list[str]:
    return sorted({each.measure_set for each in conditions}, reverse=True)


def _is_inside(each: Organisation, place: Organisation) -> bool:
    if each.code == UNKNOWN:
        return False
    if place.level == ENGLAND:
        return each.level in ("region", "ICB", "provider")
    if place.level == "region":
        return each.level in ("ICB", "provider") and each.region == place.code
    return each.level == "provider" and each.icb == place.code
