"""What a submission is asked about: counts far from the service's own months, or from the file that it replaces.

Belongs here: which counts are compared, and what makes one question of several differences. Does not belong here:
limits (``transforms.plausible.limits``), answers (``answers``), where profiles are kept, words
(``reports.site.asked``).

A question rejects nothing and holds nothing. It has an id that stays the same from month to month, so that it can
be answered once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any, NamedTuple

from schemas.dataset import TABLES
from schemas.month import month_text
from transforms.plausible.limits import Prior, Seen, allowed, score_of_count, score_of_share
from transforms.plausible.profile import Profile, field_of

MOST_MONTHS = 6
"""Of a service's own months, the last so many: half a year levels out a holiday and follows growth."""
MONTHS, REPLACED = "its months before", "the file it would replace"
ALL = "PAST-ALL"
"""The question about all records together."""
SAME_COUNTS = "PAST-SAME"
"""The question about a file whose counts are those of an earlier month."""

# Calibrated on 9,337 published months of services and 110 made-up ones (decision 0071).
_COUNTS = Prior(beyond=0.12, clustered=1.0, months=12)
_SHARES = Prior(beyond=0.08, clustered=1.5, months=12)
# A file that replaces another has the same records: it varies less, by what was entered late or corrected.
_COUNTS_AGAIN = Prior(beyond=0.08, clustered=0.5, months=12)
_SHARES_AGAIN = Prior(beyond=0.12, clustered=0.5, months=12)
# Below so many rows, a share is not asked about, now or in all months together.
_LEAST_ROWS = 20
# A share of one day, or of one person, has no typical value in a small table.
_LEAST_ROWS_OF_MOST = 40
_LEAST_MONTHS = 2
# A count is not asked about for a difference below this, nor a share for fewer points.
_LEAST_RECORDS, _LEAST_POINTS = 5, 0.05
# A file with so many records cannot have the counts of another month by chance.
_LEAST_SAME = 30
# Differences of tables with half of all records are one question about all.
_MOST_OF_ALL = 0.5


@dataclass(frozen=True)
class Question:
    """One question.

    ``id`` names table and field. ``table`` and ``field`` are empty where it is about all records. ``kind``: rows,
    value, day, person or same. ``value`` is the value whose share differs. ``now`` of ``of`` rows; ``before`` has
    the same of each submission compared with, oldest first. ``more`` says in which direction. ``records`` is how
    many records more or fewer than usual that is. ``also`` names other tables or values that differ with it.
    """

    id: str
    table: str
    field: str
    kind: str
    value: str
    compared_with: str
    now: int
    of: int
    before: tuple[tuple[int, int], ...]
    more: bool
    records: int
    score: float
    also: tuple[str, ...] = ()

    def as_row(self) -> dict[str, Any]:
        """The question for a report, the ledger and a program."""
        return asdict(self) | {
            "before": [list(each) for each in self.before], "also": list(self.also), "score": round(self.score, 1),
        }  # fmt: skip


def questions(now: Profile, months: Sequence[Profile], replaced: Profile | None = None) -> list[Question]:
    """The questions about a submission, those that differ most first.

    ``months`` are the service's own months before, oldest first; only the last six are looked at. ``replaced`` is
    the submission of the same month that it would replace.
    """
    before = list(months)[-MOST_MONTHS:]
    found = [
        *(_compared(now, before, MONTHS, _COUNTS, _SHARES) if before else ()),
        *(_compared(now, [replaced], REPLACED, _COUNTS_AGAIN, _SHARES_AGAIN) if replaced else ()),
    ]
    limit = allowed(len(found))
    far = [_question(each) for each in found if abs(each.score) > limit]
    beyond = [each for each in far if _is_large(each)]
    asked = [*_of_rows(now, beyond), *_of_values(beyond), *_same(now, before)]
    return sorted(_each_once(asked), key=lambda each: (-abs(each.score), each.id))


def is_question(name: str) -> bool:
    """Whether this is the id of a question that can be asked."""
    if name in (ALL, SAME_COUNTS):
        return True
    past, table, *rest = [*name.split("-"), ""]
    if past != "PAST" or table not in TABLES or len(rest) > 3:
        return False
    field, kind = ([each for each in rest if each] + ["", ""])[:2]
    return (not field or field in TABLES[table].by_name) and kind in ("", "DAY", "PERSON")


def _each_once(asked: Sequence[Question]) -> list[Question]:
    """A question that is asked beside the months and beside the file replaced is asked once, as the clearer one."""
    best: dict[str, Question] = {}
    for each in sorted(asked, key=lambda one: -abs(one.score)):
        best.setdefault(each.id, each)
    return list(best.values())


class _Comparison(NamedTuple):
    """One count beside those before."""

    table: str
    column: str
    kind: str
    value: str
    with_: str
    now: Seen
    before: Sequence[Seen]
    score: float


def _compared(
    now: Profile, before: Sequence[Profile], with_: str, counts: Prior, shares: Prior
) -> Iterator[_Comparison]:
    """Every comparison of a profile with others."""
    for table in TABLES:
        if now.rows(table) or any(each.rows(table) for each in before):
            yield from _of_table(table, now, before, with_, counts, shares)


def _of_table(
    table: str, now: Profile, before: Sequence[Profile], with_: str, counts: Prior, shares: Prior
) -> Iterator[_Comparison]:
    rows = [Seen(each.rows(table)) for each in before]
    here = Seen(now.rows(table))
    yield _Comparison(table, "", "rows", "", with_, here, rows, score_of_count(here, rows, counts))
    if with_ == MONTHS and len(before) < _LEAST_MONTHS:
        return
    for column in sorted({name for each in (now, *before) for name in _values(each, table)}):
        counted = [_values(each, table).get(column, {}) for each in (now, *before)]
        rows_of = [sum(each.values()) for each in counted]
        if min(rows_of[0], sum(rows_of[1:])) < _LEAST_ROWS:
            continue
        for value in sorted({name for each in counted for name in each}):
            here, *seen = (Seen(each.get(value, 0), of) for each, of in zip(counted, rows_of, strict=True))
            score = score_of_share(here, seen, shares)
            yield _Comparison(table, column, "value", value, with_, here, seen, score)
    for column in sorted({name for each in (now, *before) for name in _most(each, table)}):
        seen = [Seen(*_most(each, table).get(column, (0, 0))) for each in before]
        one = Seen(*_most(now, table).get(column, (0, 0)))
        if min([one.of, *(each.of for each in seen)]) >= _LEAST_ROWS_OF_MOST:
            kind = "day" if column.startswith("day") else "person"
            yield _Comparison(table, column, kind, "", with_, one, seen, score_of_share(one, seen, shares))


def _values(profile: Profile, table: str) -> Mapping[str, Mapping[str, int]]:
    return profile.tables[table].values if table in profile.tables else {}


def _most(profile: Profile, table: str) -> Mapping[str, tuple[int, int]]:
    return profile.tables[table].most if table in profile.tables else {}


def _question(compared: _Comparison) -> Question:
    table, column, kind, value, with_, now, before, score = compared
    field = field_of(column)
    parts = ["PAST", table, field, kind.upper() if kind in ("day", "person") else ""]
    usual = _usual(now, before)
    return Question(
        "-".join(part for part in parts if part), TABLES[table].name, field, kind, value, with_, now.count, now.of,
        tuple((each.count, each.of) for each in before), score > 0, round(abs(now.count - usual)), score,
    )  # fmt: skip


def _usual(now: Seen, before: Sequence[Seen]) -> float:
    """What the count would be as before: the mean, or the mean share of the rows now."""
    of = sum(each.of for each in before)
    return now.of * sum(each.count for each in before) / of if of else fmean(each.count for each in before)


def _is_large(question: Question) -> bool:
    """Whether a difference matters, however certain it is."""
    least = _LEAST_RECORDS if question.kind == "rows" else max(_LEAST_RECORDS, _LEAST_POINTS * question.of)
    return question.records >= least


def _of_rows(now: Profile, beyond: Sequence[Question]) -> Iterator[Question]:
    """Questions about the rows of tables: of all together where most have moved the same way, else of each table
    without those that belong to it.
    """
    rows = [each for each in beyond if each.kind == "rows"]
    for with_ in (MONTHS, REPLACED):
        for more in (True, False):
            moved = [each for each in rows if (each.compared_with, each.more) == (with_, more)]
            yield from _together(now, moved)


def _together(now: Profile, moved: Sequence[Question]) -> Iterator[Question]:
    names = {each.table for each in moved}
    before = [sum(each.before[at][0] for each in moved) for at in range(len(moved[0].before))] if moved else []
    here = sum(each.now for each in moved)
    if len(moved) > 1 and max(here, *before) and here >= _MOST_OF_ALL * now.records and _has_roots(names):
        first = max(moved, key=lambda each: abs(each.score))
        yield Question(
            ALL, "", "", "rows", "", first.compared_with, here, 0, tuple((each, 0) for each in before), first.more,
            round(abs(here - fmean(before))), first.score, tuple(sorted(names)),
        )  # fmt: skip
        return
    for each in moved:
        if not _parents(each.table) & names:
            below = sorted(one.table for one in moved if each.table in _parents(one.table))
            yield replace(each, also=tuple(below))


def _has_roots(names: set[str]) -> bool:
    """Whether patients and referrals are among the tables."""
    return {TABLES["IDS001"].name, TABLES["IDS101"].name} <= names


def _parents(name: str) -> set[str]:
    """The names of the tables that the records of a table belong to."""
    by_name = {table.name: table for table in TABLES.values()}
    found: set[str] = set()
    table = by_name[name]
    while table.parent is not None:
        table = TABLES[table.parent[1]]
        found.add(table.name)
    return found


def _of_values(beyond: Sequence[Question]) -> Iterator[Question]:
    """One question per column: the value that differs most, with the others."""
    columns: dict[tuple[str, str], list[Question]] = {}
    for each in beyond:
        if each.kind != "rows":
            columns.setdefault((each.id, each.compared_with), []).append(each)
    for found in columns.values():
        first = max(found, key=lambda each: (abs(each.score), each.more, each.value))
        others = tuple(sorted(each.value for each in found if each is not first))
        yield replace(first, also=others)


def _same(now: Profile, before: Sequence[Profile]) -> Iterator[Question]:
    """Whether the file has the counts of an earlier month: then that month may have been sent again."""
    for each in before if now.records >= _LEAST_SAME else ():
        if _without_dates(now) == _without_dates(each):
            yield Question(
                SAME_COUNTS, "", "", "same", month_text(each.of.month), MONTHS, now.records, 0,
                ((each.records, 0),), True, now.records, 99.0,
            )  # fmt: skip


def _without_dates(profile: Profile) -> Any:
    """The counts of a profile without those that follow from its month."""
    return {
        name: (table.rows, {k: v for k, v in table.values.items() if not _is_date(name, k)})
        for name, table in profile.tables.items()
    }


def _is_date(table: str, column: str) -> bool:
    return str(TABLES[table].by_name[column].dtype) == "Date"
