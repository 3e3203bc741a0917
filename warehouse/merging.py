"""Courses that cross a merger: the predecessor's records of a person become the successor's, in ``staged``.

Belongs here: which referrals are one course, and the views of ``staged`` in which their records stand together.
Does not belong here: who took whose place (``organisations.places``), what a course says (``warehouse/core``).

Joined are referrals of the same person (one token at both providers) with the same referral id
(``linked_referral_id``): one at a provider and one at a provider that has taken its place, sent for different
months, the predecessor's first. Then all records of that person move to the provider of today, so that employment,
service use and demographics are not torn off. Whatever else the predecessor sent stays its own (decision 0026).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

import duckdb

from schemas.dataset import TABLES
from schemas.staged import staged_schema
from warehouse.staging import ROWS, insert_rows

Successors = Mapping[str, Sequence[str]]
"""Provider → the providers in the data that have taken its place, in order; who has none is not in it."""


class Known(NamedTuple):
    """A referral as one provider sent it: ``link`` is its id together with the person. Months are the first and
    last that carry it; ``received_on`` and ``age`` are as last sent.
    """

    provider: str
    referral: UUID
    person: UUID
    link: UUID
    first_month: date
    last_month: date
    received_on: date | None
    age: int | None


@dataclass(frozen=True)
class Course:
    """Referrals that are one course, the earliest provider first."""

    parts: tuple[Known, ...]

    @property
    def last(self) -> Known:
        """The part whose referral id the course has."""
        return self.parts[-1]

    @property
    def first_received(self) -> Known:
        """The part that was received first: a successor may date the referral anew."""
        return min(self.parts, key=lambda part: (part.received_on or date.max, part.first_month))


def groups_of(providers: Iterable[str], successors: Successors) -> dict[str, str]:
    """Provider → the code that stands for its group: all that a merger connects, directly or through others.

    ``successors`` may name providers beside these: of a build again, all but the groups that changed.
    """
    group = {provider: provider for provider in providers}

    def stands_for(provider: str) -> str:
        return provider if group[provider] == provider else stands_for(group[provider])

    for provider in sorted(group.keys() & successors.keys()):
        for successor in sorted(group.keys() & set(successors[provider])):
            one, other = sorted((stands_for(provider), stands_for(successor)))
            group[other] = one
    return {provider: stands_for(provider) for provider in group}


def courses(referrals: Iterable[Known], successors: Successors) -> Iterator[Course]:
    """The courses among the referrals of one group of providers (``groups_of``), person by person.

    Each provider must have taken the place of the one before, and the months must not overlap: two providers that
    send one referral for the same month may send the same contacts twice. A person of whom two providers send one
    referral for the same month has no course: nothing of theirs moves. Nor has one whose courses end at two
    providers.
    """
    by_person: dict[UUID, dict[UUID, list[Known]]] = defaultdict(lambda: defaultdict(list))
    for referral in referrals:
        by_person[referral.person][referral.link].append(referral)
    for _, links in sorted(by_person.items()):
        shared = [sorted(parts, key=lambda part: (part.first_month, part.provider)) for parts in links.values()]
        shared = [parts for parts in shared if len({part.provider for part in parts}) > 1]
        if not all(before.last_month < after.first_month for parts in shared for before, after in pairwise(parts)):
            continue
        found = [
            Course(tuple(parts))
            for parts in shared
            if all(after.provider in successors.get(before.provider, ()) for before, after in pairwise(parts))
        ]
        if len({today(course.last.provider, successors) for course in found}) == 1:
            yield from found


def today(provider: str, successors: Successors) -> str:
    """The provider in the data that stands in this one's place at the end of the last month."""
    return [provider, *successors.get(provider, ())][-1]


def join_courses(con: duckdb.DuckDBPyConnection, successors: Successors) -> None:
    """Replace the views of ``staged`` by views in which people with joined courses are at the provider of today.

    ``submitted_by`` keeps who sent a record. Nothing changes when nothing is joined. Writes ``staged.successor``,
    with a row per provider and successor in the data, for the models that ask which months a provider has reported.
    """
    con.execute("CREATE TABLE staged.successor (provider VARCHAR, successor VARCHAR, place INTEGER)")
    pairs = [(provider, each, n) for provider, chain in sorted(successors.items()) for n, each in enumerate(chain)]
    insert_rows(con, "staged.successor", pairs)
    group = groups_of({*successors, *(each for chain in successors.values() for each in chain)}, successors)
    known: dict[str, list[Known]] = defaultdict(list)
    for referral in _known(con, sorted(group)):
        known[group[referral.provider]].append(referral)
    merged = [found for _, own in sorted(known.items()) if (found := list(courses(own, successors)))]
    if not merged:
        return
    con.execute(
        "CREATE TABLE staged.moved_person (provider VARCHAR, person_id UUID, to_provider VARCHAR);"
        "CREATE TABLE staged.joined_referral "
        "(provider VARCHAR, referral UUID, to_referral UUID, received_on DATE, age INTEGER)"
    )
    moved = [row for found in merged for row in _moved_people(found, successors)]
    insert_rows(con, "staged.moved_person", moved)
    joined = [
        (
            part.provider,
            part.referral,
            course.last.referral,
            course.first_received.received_on,
            course.first_received.age,
        )
        for found in merged
        for course in found
        for part in course.parts
    ]
    insert_rows(con, "staged.joined_referral", joined)
    con.execute(_MOVED)
    # Of one month the later provider is the more recent; who has most successors is the earliest.
    earliest_first = sorted(successors, key=lambda provider: (-len(successors[provider]), provider))
    for table_id in TABLES:
        _replace_view(con, table_id, earliest_first)


def _moved_people(found: Iterable[Course], successors: Successors) -> Iterator[tuple[str, UUID, str]]:
    """Provider, person and the provider at which that person's records count."""
    moved = {
        (part.provider, part.person): today(course.last.provider, successors)
        for course in found
        for part in course.parts
    }
    yield from ((provider, person, target) for (provider, person), target in moved.items() if provider != target)


def _known(con: duckdb.DuckDBPyConnection, providers: Sequence[str]) -> list[Known]:
    """Referrals of these providers whose person and link more than one of them sent."""
    rows = con.execute(
        """
        WITH sent AS (
            SELECT
                r.provider, r.ServiceRequestId AS referral, p.person_id,
                coalesce(r.linked_referral_id, r.ServiceRequestId) AS link, r.month, r.ReferralRequestReceivedDate,
                r.age_at_referral, r.recency
            FROM staged.IDS101 AS r
            INNER JOIN staged.IDS001 AS p
                ON p.submission_id = r.submission_id AND p.LocalPatientId = r.LocalPatientId
            WHERE r.provider IN (SELECT unnest(?)) AND r.ServiceRequestId IS NOT NULL
        ),
        known AS (
            SELECT
                provider, referral, arg_max(person_id, recency) AS person_id, arg_max(link, recency) AS link,
                min(month) AS first_month, max(month) AS last_month,
                arg_max(ReferralRequestReceivedDate, recency) AS received_on,
                arg_max(age_at_referral, recency) AS age
            FROM sent
            GROUP BY provider, referral
        )
        FROM known
        QUALIFY count(*) OVER (PARTITION BY person_id, link) > 1
        ORDER BY ALL
        """,
        [providers],
    ).fetchall()
    return [Known(*row) for row in rows]


# What is moved, from the person down to the activity: a record follows the one it belongs to.
_MOVED = """
CREATE TABLE staged.moved_patient AS
SELECT p.submission_id, p.LocalPatientId, min(m.to_provider) AS to_provider
FROM staged.IDS001 AS p
INNER JOIN staged.moved_person AS m ON m.provider = p.provider AND m.person_id = p.person_id
GROUP BY p.submission_id, p.LocalPatientId;

CREATE TABLE staged.moved_referral AS
WITH moved AS (
    SELECT r.provider, r.ServiceRequestId, min(p.to_provider) AS to_provider
    FROM staged.IDS101 AS r
    INNER JOIN staged.moved_patient AS p
        ON p.submission_id = r.submission_id AND p.LocalPatientId = r.LocalPatientId
    GROUP BY r.provider, r.ServiceRequestId
)
SELECT
    coalesce(m.provider, j.provider) AS provider, coalesce(m.ServiceRequestId, j.referral) AS ServiceRequestId,
    coalesce(m.to_provider, j.provider) AS to_provider,
    coalesce(j.to_referral, m.ServiceRequestId) AS to_referral, j.received_on, j.age
FROM moved AS m
FULL JOIN staged.joined_referral AS j ON j.provider = m.provider AND j.referral = m.ServiceRequestId;

CREATE TABLE staged.moved_contact AS
SELECT c.submission_id, c.CareContactId, min(m.to_provider) AS to_provider
FROM staged.IDS201 AS c
INNER JOIN staged.moved_referral AS m ON m.provider = c.provider AND m.ServiceRequestId = c.ServiceRequestId
GROUP BY c.submission_id, c.CareContactId;

CREATE TABLE staged.moved_activity AS
SELECT a.submission_id, a.CareActId, min(m.to_provider) AS to_provider
FROM staged.IDS202 AS a
INNER JOIN staged.moved_contact AS m ON m.submission_id = a.submission_id AND m.CareContactId = a.CareContactId
GROUP BY a.submission_id, a.CareActId;
"""
# The first of these columns that a table has decides what its records belong to.
_FOLLOWS = (
    ("ServiceRequestId", "moved_referral", "m.provider = r.provider"),
    ("LocalPatientId", "moved_patient", "m.submission_id = r.submission_id"),
    ("CareContactId", "moved_contact", "m.submission_id = r.submission_id"),
    ("CareActId", "moved_activity", "m.submission_id = r.submission_id"),
)


def _replace_view(con: duckdb.DuckDBPyConnection, table_id: str, predecessors: Sequence[str]) -> None:
    """A record of a moved person in this table becomes that of the provider it moved to."""
    schema = staged_schema(TABLES[table_id])
    belongs = next(((name, moved, of) for name, moved, of in _FOLLOWS if name in schema), None)
    if belongs is None:
        return
    name, moved, same = belongs
    replaced = {"provider": "coalesce(m.to_provider, r.provider)"}
    if moved == "moved_referral":
        replaced["ServiceRequestId"] = "coalesce(m.to_referral, r.ServiceRequestId)"
    if table_id == "IDS101":
        replaced["ReferralRequestReceivedDate"] = "coalesce(m.received_on, r.ReferralRequestReceivedDate)"
        replaced["age_at_referral"] = "coalesce(m.age, r.age_at_referral)"
    # Rows of two providers may share month and row number; those of one provider may not share a recency.
    order = " ".join(f"WHEN '{provider}' THEN {place}" for place, provider in enumerate(predecessors))
    replaced["recency"] = (
        f"(r.recency // {ROWS} * 1000 + CASE r.submitted_by {order} ELSE 999 END) * {ROWS} + r.recency % {ROWS}"
    )
    columns = ", ".join(f"{value} AS {column}" for column, value in replaced.items())
    con.execute(f"ALTER VIEW staged.{table_id} RENAME TO {table_id}_as_submitted")
    con.execute(
        f"CREATE VIEW staged.{table_id} AS SELECT r.* REPLACE ({columns}) FROM staged.{table_id}_as_submitted AS r "
        f"LEFT JOIN staged.{moved} AS m ON {same} AND m.{name} = r.{name}"
    )
