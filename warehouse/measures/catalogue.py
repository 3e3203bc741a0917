"""The measure catalogue: measures and breakdowns, read from text files and checked.

Belongs here: the columns of the ``*.csv`` files in this folder and their checks. Does not belong here: counting
(``counting``), adding up (``rollup``), rates and intervals (``warehouse/mart``). Predicates come only from our own
files.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

from schemas.month import parse_month
from schemas.pathway import codes_of, unknown
from warehouse.measures.official import published_ids

KINDS = ("count", "share", "mean", "median", "p90", "rate", "day_rate")
# Per person-year: of events, which have a Poisson interval, and of days, which come in stays and have none.
RATES = ("rate", "day_rate")
# How far along the sorted values, in tenths.
QUANTILES = {"median": 5, "p90": 9}
OVER_TIME = ("flow", "stock")
# Grains whose rows are there once for every month end: what they count is a stock.
STOCK_GRAINS = ("caseload",)
DIRECTIONS = ("higher", "lower", "none")
ALL_PATHWAYS = "all"
# What a breakdown may say of the group that others are compared with, other than its code.
LARGEST, NO_REFERENCE = "largest", "none"
# One file per subject, named by its place; a measure's position is its place in them.
_SUBJECT = re.compile(r"([0-9]+_[a-z_]+)[.]csv")

# A pathway and the groups it is in: every grain below brings them along, so that it can be broken down by them.
# Within a batch referral_number joins faster than the two text keys.
_GROUPED = "core.pathway AS p INNER JOIN core.pathway_group AS g USING (referral_number)"
_GROUPS = (
    "p.pathway, p.commissioner, p.received_on, p.discharged_on, p.is_discharged, p.is_completed_course, "
    "p.attended_contacts, p.treatment_contacts, p.age_at_referral, "
    "g.* EXCLUDE (provider, service_request_id, referral_number)"
)
# Grain → the rows counted. Every one has provider, pathway and referral_number.
GRAINS: dict[str, str] = {
    "pathway": "SELECT p.*, g.* EXCLUDE (provider, service_request_id, referral_number), "
    f"k.* EXCLUDE (provider, service_request_id, referral_number), "
    f"i.* EXCLUDE (provider, service_request_id, referral_number) FROM {_GROUPED} "
    "INNER JOIN core.pathway_care AS k USING (referral_number) "
    "LEFT JOIN core.therapy_intensity AS i USING (referral_number)",
    "contact": f"SELECT c.* EXCLUDE (pathway, commissioner, site), {_GROUPS} "
    f"FROM core.contact AS c INNER JOIN ({_GROUPED}) USING (referral_number)",
    "activity": "SELECT a.*, s.staff_id IS NOT NULL AS is_staff_known, s.qualified_on AS staff_qualified_on, "
    f"{_GROUPS} FROM core.activity AS a INNER JOIN ({_GROUPED}) USING (referral_number) "
    "LEFT JOIN core.staff AS s ON s.provider = a.submitted_by AND s.staff_id = a.staff_id",
    "caseload": f"SELECT w.*, {_GROUPS} FROM work.caseload AS w INNER JOIN ({_GROUPED}) USING (referral_number)",
    "outcome": f"SELECT o.* EXCLUDE (pathway), i.domain, {_GROUPS} "
    f"FROM core.outcome AS o INNER JOIN ({_GROUPED}) USING (referral_number) "
    "INNER JOIN ref.instrument AS i USING (instrument)",
    "internet_log": f"SELECT i.*, {_GROUPS} "
    f"FROM core.internet_log AS i INNER JOIN ({_GROUPED}) USING (referral_number)",
    "therapy": f"SELECT t.* EXCLUDE (pathway), {_GROUPS} "
    f"FROM core.therapy_course AS t INNER JOIN ({_GROUPED}) USING (referral_number)",
    "answer": f"SELECT x.* EXCLUDE (pathway), {_GROUPS} "
    f"FROM core.experience AS x INNER JOIN ({_GROUPED}) USING (referral_number)",
}


@dataclass(frozen=True)
class Breakdown:
    """One division of the rows of a grain into groups: ``column`` has the code of a row's group.

    ``sets`` are the names under which measures ask for several breakdowns at once. ``reference`` is the group that
    the others are compared with: its code, ``largest`` for the largest of all months, or ``none`` where the groups
    are not groups of people: one person answers several questions.
    """

    id: str
    title: str
    grain: str
    column: str
    sets: tuple[str, ...]
    reference: str
    meaning: str
    source: str
    confidence: str

    @property
    def parts_people(self) -> bool:
        """Whether every person is in one group only, so that groups can be compared."""
        return self.reference != NO_REFERENCE


@dataclass(frozen=True)
class Measure:
    """One measure.

    ``numerator`` and ``denominator`` are SQL over a row of the grain. By ``kind``: ``count`` counts rows for
    which the numerator is true; ``share`` does so among those for which the denominator is; ``mean``,
    ``median`` and ``p90`` take the whole number that the numerator gives for those rows. A row of a ``mean`` with a
    ``weight`` stands for as many things as that whole number says: the mean is of those. ``rate`` and ``day_rate``
    are events and days per person-year: the denominator gives the person-days of a row, NULL where it does not
    count, the numerator its events or days. ``date_column``
    places a row in a month. ``over_time`` says what a longer period is: of a ``flow`` (what happened) all its
    months together, of a ``stock`` (what there is at a month end) its last month. ``pathways`` lists the
    pathway codes it applies to, all when empty; ``breakdowns`` the ids of breakdowns. ``standard`` is the national
    standard as a share. ``published_id`` has the official ids that it gives (``official``). ``confidence`` is F
    (found in the source) or R (recalled, to be confirmed). ``signed`` is ``yes`` where a value may be below 0.
    ``experimental_until`` is a month as YYYY-MM, or blank. Until the records reach that month the measure is
    counted and shown to those inside, and not applied: services are not compared or paid by it, and it is not
    published.
    """

    id: str
    title: str
    meaning: str
    grain: str
    date_column: str
    kind: str
    over_time: str
    numerator: str
    denominator: str
    unit: str
    direction: str
    standard: Decimal | None
    pathways: tuple[str, ...]
    breakdowns: tuple[str, ...]
    published_id: str
    caveats: str
    source: str
    confidence: str
    since: str
    weight: str = ""
    signed: str = ""
    experimental_until: str = ""

    def __post_init__(self) -> None:
        """Refuse a row that cannot be counted or read."""
        problems = [
            f"{name} {value!r}"
            for name, value, allowed in (
                ("grain", self.grain, GRAINS),
                ("kind", self.kind, KINDS),
                ("over_time", self.over_time, OVER_TIME),
                ("direction", self.direction, DIRECTIONS),
                ("confidence", self.confidence, ("F", "R")),
            )
            if value not in allowed
        ]
        problems += [f"pathway {name!r}" for name in unknown(self.pathways)]
        problems += [
            f"no {name}" for name in ("title", "meaning", "numerator", "source") if not getattr(self, name)
        ]
        if (self.kind == "count") == bool(self.denominator):
            problems.append("every kind but 'count' needs a denominator, and only those")
        if (self.kind == "share") != (self.unit == "share"):
            problems.append("unit 'share' goes with kind 'share', and only with it")
        if self.weight and self.kind != "mean":
            problems.append("a weight goes with kind 'mean' only")
        if self.signed not in ("", "yes") or (self.signed and self.kind not in ("mean", *QUANTILES)):
            problems.append("signed is yes or blank, and yes only of a mean, median or p90")
        problems += _no_month("experimental_until", self.experimental_until)
        if (self.kind in RATES) != self.unit.endswith(" per person-year"):
            problems.append("a unit per person-year goes with a rate, and only with it")
        if (self.grain in STOCK_GRAINS) != (self.over_time == "stock"):
            problems.append(f"a stock is counted in grain {', '.join(STOCK_GRAINS)}, and only stocks are")
        if problems:
            raise ValueError(f"measure {self.id}: {'; '.join(problems)}")

    @property
    def is_additive(self) -> bool:
        """Whether counts of places add up, and of a flow those of months: all but quantiles."""
        return self.kind not in QUANTILES

    @property
    def is_stock(self) -> bool:
        """Whether a longer period is its last month, instead of all its months together."""
        return self.over_time == "stock"

    @property
    def lowest(self) -> int | None:
        """The least value that is possible, None where a value may be below 0."""
        return None if self.signed else 0

    @property
    def over_places(self) -> str:
        """What a larger place is: the ``sum`` of its parts' counts, or a quantile of their ``pooled values``."""
        return "sum" if self.is_additive else "pooled values"

    def applies_to(self, pathway: str) -> bool:
        """Whether the measure is counted for this pathway code."""
        return not self.pathways or pathway in self.pathways


@cache
def breakdowns() -> tuple[Breakdown, ...]:
    """All breakdowns in file order.

    Raises ValueError when an id is used twice, a grain is unknown or the reference is none of the groups.
    """
    found = tuple(
        Breakdown(
            id=row["breakdown"],
            sets=tuple(row["sets"].split()),
            **{k: row[k] for k in ("title", "grain", "column", "reference", "meaning", "source", "confidence")},
        )
        for row in _rows("breakdowns")
    )
    _refuse_twice("breakdowns.csv", (each.id for each in found))
    for each in found:
        if each.grain not in GRAINS:
            raise ValueError(f"breakdown {each.id}: grain {each.grain!r}")
        declared = {code for name, _, code, _, _ in groups() if name == each.id}
        if each.reference not in {LARGEST, NO_REFERENCE, *declared}:
            raise ValueError(f"breakdown {each.id}: reference {each.reference!r} is none of its groups")
    return found


@cache
def catalogue() -> tuple[Measure, ...]:
    """All measures, subject by subject in file order, sets of breakdowns spelt out.

    Raises ValueError when a row is wrong, an id is used twice or a breakdown is not one of its grain.
    """
    found = tuple(_measure(row) for subject in _subjects() for row in _rows(subject))
    _refuse_twice("the catalogue", (measure.id for measure in found))
    return found


@cache
def groups() -> list[tuple[str, int, str, str, str]]:
    """The declared groups of every breakdown: breakdown, position, code, name, note."""
    return [
        (row["breakdown"], int(row["position"]), row["group_code"], row["group_name"], row["note"])
        for row in _rows("breakdown_groups")
    ]


def _measure(row: dict[str, str]) -> Measure:
    split = {"standard", "pathways", "breakdowns", "published_id"}
    return Measure(
        **{name: value for name, value in row.items() if name not in split},
        standard=Decimal(row["standard"]) if row["standard"] else None,
        pathways=_pathways(row),
        breakdowns=_breakdowns(row),
        published_id=published_ids().get(row["id"], ""),
    )


def _breakdowns(row: dict[str, str]) -> tuple[str, ...]:
    """The ids of the breakdowns a row names by id or ``@set``. Raises ValueError for any other name."""
    asked = set(row["breakdowns"].split())
    names = _names_of_breakdowns(row["grain"])
    if strange := [name for name in row["breakdowns"].split() if name not in set().union(*names.values())]:
        raise ValueError(f"measure {row['id']}: no breakdown {', '.join(strange)} of grain {row['grain']}")
    return tuple(id_ for id_, own in names.items() if own & asked)


@cache
def _names_of_breakdowns(grain: str) -> dict[str, set[str]]:
    """Every breakdown that rows of a grain have → the names by which a measure asks for it."""
    return {
        each.id: {each.id, *(f"@{name}" for name in each.sets)}
        for each in breakdowns()
        if each.grain == grain or _inherits(grain, each)
    }


def _pathways(row: dict[str, str]) -> tuple[str, ...]:
    """The codes of the pathways a row names by code or measure set. Raises ValueError for any other name."""
    named = row["pathways"].split()
    if strange := unknown(named):
        raise ValueError(f"measure {row['id']}: pathway {', '.join(strange)}")
    return codes_of(named)


def _inherits(grain: str, breakdown: Breakdown) -> bool:
    """Whether rows of ``grain`` carry the classification of their pathway, and so its breakdowns."""
    return breakdown.grain == "pathway" and grain in GRAINS


def _subjects() -> list[str]:
    """The names of the files with measures in the order of their numbers."""
    names = (_SUBJECT.fullmatch(each.name) for each in files("warehouse.measures").iterdir())
    return sorted((found[1] for found in names if found), key=lambda name: (int(name.split("_")[0]), name))


def _rows(name: str) -> list[dict[str, str]]:
    with (files("warehouse.measures") / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _no_month(name: str, text: str) -> list[str]:
    """What is wrong with a month, where one is given."""
    if text:
        try:
            parse_month(text)
        except ValueError as error:
            return [f"{name} {error}"]
    return []


def _refuse_twice(where: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            raise ValueError(f"{where}: {each} is used twice")
        seen.add(each)
