"""The measure catalogue: read, checked, and turned into one counting pass per grain and date.

Belongs here: what a measure is, the checks on ``measures.csv``, and the SQL generated from it. Does not
belong here: spines, rates and intervals (``warehouse/marts``). Predicates come from our own file only.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import groupby

GRAINS = {"pathway": "core.pathway", "contact": "core.contact"}
DIRECTIONS = ("higher", "lower", "none")
PATHWAYS = ("01", "02", "03", "04", "05")
ALL_PATHWAYS = "all"
ENGLAND = "ENG"


@dataclass(frozen=True)
class Measure:
    """One measure.

    ``numerator`` and ``denominator`` are predicates over a row of the grain's table, true for a row that
    counts; an empty ``denominator`` makes it a plain count. ``date_column`` places a row in a month.
    ``pathways`` lists the pathway codes it applies to, all when empty. ``standard`` is the national
    standard as a share. ``confidence`` is F (found in the source) or R (recalled, to be confirmed).
    """

    id: str
    title: str
    meaning: str
    grain: str
    date_column: str
    numerator: str
    denominator: str
    unit: str
    direction: str
    standard: Decimal | None
    pathways: tuple[str, ...]
    published_id: str
    source: str
    confidence: str
    since: str

    def __post_init__(self) -> None:
        """Refuse a row that cannot be counted or read."""
        problems = [
            f"{name} {value!r}"
            for name, value, allowed in (
                ("grain", self.grain, GRAINS),
                ("direction", self.direction, DIRECTIONS),
                ("confidence", self.confidence, ("F", "R")),
            )
            if value not in allowed
        ]
        problems += [f"pathway {code!r}" for code in self.pathways if code not in PATHWAYS]
        problems += [
            f"no {name}" for name in ("title", "meaning", "numerator", "source") if not getattr(self, name)
        ]
        if (self.unit == "share") != bool(self.denominator):
            problems.append("unit 'share' goes with a denominator, and only with one")
        if problems:
            raise ValueError(f"measure {self.id}: {'; '.join(problems)}")

    def applies_to(self, pathway: str) -> bool:
        """Whether the measure is counted for this pathway code."""
        return not self.pathways or pathway in self.pathways


@cache
def measures() -> tuple[Measure, ...]:
    """All measures in file order.

    Raises ValueError when a row is wrong or an id is used twice.
    """
    with (files("warehouse.measures") / "measures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = tuple(
        Measure(
            **{name: row[name] for name in row if name not in ("standard", "pathways")},
            standard=Decimal(row["standard"]) if row["standard"] else None,
            pathways=tuple(row["pathways"].split()),
        )
        for row in rows
    )
    if len({measure.id for measure in found}) != len(found):
        raise ValueError("measures.csv: an id is used twice")
    return found


def counting_passes(catalogue: Sequence[Measure]) -> list[str]:
    """One SELECT per grain and date column, together counting every measure.

    Each gives rows of provider, period_start, pathway, measure, numerator, denominator; provider ``ENG``
    is England and pathway ``all`` every pathway the measure applies to. A row counts in the month of its
    date when its provider has a winning submission for that month, so England is the sum of its providers.
    """
    ordered = sorted(catalogue, key=lambda measure: (measure.grain, measure.date_column))
    return [
        _counting_pass(GRAINS[grain], date_column, list(group))
        for (grain, date_column), group in groupby(ordered, key=lambda m: (m.grain, m.date_column))
    ]


def _counting_pass(table: str, date_column: str, group: list[Measure]) -> str:
    counts = ",\n        ".join(
        f"count(*) FILTER (WHERE {_within(measure, measure.numerator)}) AS n_{i},\n        "
        + (
            f"count(*) FILTER (WHERE {_within(measure, measure.denominator)}) AS d_{i}"
            if measure.denominator
            else f"CAST(NULL AS BIGINT) AS d_{i}"
        )
        for i, measure in enumerate(group)
    )
    tall = "\nUNION ALL\n".join(
        f"SELECT provider, period_start, pathway, '{measure.id}' AS measure, n_{i} AS numerator, "
        f"d_{i} AS denominator FROM wide"
        for i, measure in enumerate(group)
    )
    return f"""WITH dated AS (
    SELECT f.*, s.month AS period_start
    FROM {table} AS f
    INNER JOIN core.submission AS s
        ON s.provider = f.provider
        AND s.month = CAST(date_trunc('month', f.{date_column}) AS DATE)
    WHERE f.pathway IS NOT NULL
),
wide AS (
    SELECT
        CASE WHEN grouping(provider) = 1 THEN '{ENGLAND}' ELSE provider END AS provider,
        period_start,
        CASE WHEN grouping(pathway) = 1 THEN '{ALL_PATHWAYS}' ELSE pathway END AS pathway,
        {counts}
    FROM dated
    GROUP BY GROUPING SETS (
        (provider, period_start, pathway), (provider, period_start), (period_start, pathway), (period_start)
    )
)
{tall}"""


def _within(measure: Measure, predicate: str) -> str:
    if not measure.pathways:
        return predicate
    codes = ", ".join(f"'{code}'" for code in measure.pathways)
    return f"pathway IN ({codes}) AND ({predicate})"
