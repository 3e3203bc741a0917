"""What the draft says of each series: counts by month and organisation, and staff lists.

Belongs here: the questions to ``mart`` and ``core``, and which months are whole. Does not belong here: forecasts
(``building``), what lists of staff mean (``staff``).

A month is known for an organisation when every provider behind it from which a submission is expected has sent one.
Counts of regions and ICBs follow the commissioner, as everywhere. Whether their month is whole follows the
providers that lie there; where none does, those of England.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter

import duckdb

from schemas.month import months_after
from warehouse.trajectories.series import FLOWS
from warehouse.trajectories.staff import Moves, Post, moves

Place = tuple[str, str]
"""Level and organisation."""
ENGLAND: Place = ("England", "ENG")


@dataclass
class Months:
    """Which months of a place are whole, and which are a provider's first ones (``settling``, by their number)."""

    whole: set[date] = field(default_factory=set)
    missing: set[date] = field(default_factory=set)
    first: set[date] = field(default_factory=set)

    def is_known(self, month: date, settles_after: int) -> bool:
        """Whether the count of a month is history for a forecast."""
        settling = {months_after(first, n) for first in self.first for n in range(settles_after)}
        return month in self.whole and month not in self.missing and month not in settling


def places_of(con: duckdb.DuckDBPyConnection) -> dict[str, list[Place]]:
    """The places in which each provider counts: England, region, ICB, and the provider of today, the last."""
    rows = con.execute("SELECT provider, current_provider, icb, region FROM ref.provider_place ORDER BY provider")
    return {
        provider: [ENGLAND, ("region", region), ("ICB", icb), ("provider", current)]
        for provider, current, icb, region in rows.fetchall()
    }


def months_known(con: duckdb.DuckDBPyConnection) -> dict[Place, Months]:
    """Which months of each place are whole."""
    found: dict[Place, Months] = defaultdict(Months)
    behind = places_of(con)
    sent = con.execute(
        "SELECT provider, month, submission_id IS NOT NULL FROM mart.submission_punctuality ORDER BY ALL"
    )
    for provider, month, is_sent in sent.fetchall():
        for place in behind[provider]:
            (found[place].whole if is_sent else found[place].missing).add(month)
    firsts = con.execute(
        "SELECT p.current_provider, min(c.first_month) FROM core.provider AS c "
        "INNER JOIN ref.provider_place AS p ON p.provider = c.provider GROUP BY p.current_provider"
    )
    for provider, first in firsts.fetchall():
        for place in behind[provider]:
            found[place].first.add(first)
    return found


def counts(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Place, dict[date, int]]]:
    """Series, place and submitted count by month, of every flow."""
    rows = con.execute(
        """
        SELECT measure, level, organisation, period_start, numerator
        FROM mart.service_measure
        WHERE period_type = 'month' AND pathway = 'all' AND state = 'value'
            AND level IN ('England', 'region', 'ICB', 'provider') AND organisation <> 'unknown'
            AND list_contains($measures, measure)
        ORDER BY measure, level, organisation, period_start
        """,
        {"measures": [each.measure for each in FLOWS]},
    ).fetchall()
    names = {each.measure: each.name for each in FLOWS}
    for (measure, level, organisation), own in groupby(rows, key=itemgetter(0, 1, 2)):
        yield names[measure], (level, organisation), {row[3]: int(row[4]) for row in own}


def staff(con: duckdb.DuckDBPyConnection, last: date) -> dict[Place, Moves]:
    """What the lists of staff say for each place; places without a list are left out."""
    behind = places_of(con)
    posts = {provider: list(own) for provider, own in _posts(con)}
    newest = {provider: max(post.month for post in own) for provider, own in posts.items()}
    expected = con.execute("SELECT DISTINCT provider FROM mart.submission_punctuality WHERE month = ?", [last])
    running = {provider for (provider,) in expected.fetchall()}
    found: dict[Place, Moves] = {}
    for provider, own in sorted(posts.items()):
        ended = (
            newest[other] for other in posts if other != provider and behind[other][-1] == behind[provider][-1]
        )
        taken_over = frozenset(months_after(month, 1) for month in ended)
        read = moves(own, last, taken_over=taken_over, is_there=provider in running)
        for place in behind[provider]:
            found.setdefault(place, Moves()).add(read)
    return found


def _posts(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Iterator[Post]]]:
    rows = con.execute(
        """
        SELECT
            p.provider, CAST(p.staff_id AS VARCHAR), p.month,
            s.is_training_known AND coalesce(s.trained_on > last_day(p.month), true) AS is_trainee,
            p.planned_completion_on, l.months
        FROM core.staff_post AS p
        INNER JOIN core.staff AS s ON s.provider = p.provider AND s.staff_id = p.staff_id
        LEFT JOIN ref.course_length AS l ON l.qualification = p.course_under_way
        ORDER BY p.provider, p.staff_id, p.month
        """
    ).fetchall()
    for provider, own in groupby(rows, key=itemgetter(0)):
        yield provider, (Post(row[1], row[2], bool(row[3]), row[4], row[5]) for row in own)


def staff_missing(con: duckdb.DuckDBPyConnection, last: date) -> dict[Place, set[date]]:
    """Months in which the list of a provider that has sent lists before is missing, by place."""
    behind = places_of(con)
    rows = con.execute(
        """
        WITH sends AS (SELECT provider, min(month) AS first FROM core.staff_post GROUP BY provider)
        SELECT q.provider, q.month
        FROM mart.submission_punctuality AS q
        INNER JOIN sends AS s ON s.provider = q.provider AND q.month >= s.first
        WHERE q.month <= ? AND NOT EXISTS (
            SELECT 1 FROM core.staff_post AS p WHERE p.provider = q.provider AND p.month = q.month
        )
        ORDER BY q.provider, q.month
        """,
        [last],
    )
    found: dict[Place, set[date]] = defaultdict(set)
    for provider, month in rows.fetchall():
        for place in behind[provider]:
            found[place].add(month)
    return found
