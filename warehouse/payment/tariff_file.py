"""Reading tariff.csv: every line checked, every problem named with its line and with what would be accepted.

Belongs here: the columns of the file, and what must hold of a line and of a tariff. Does not belong here: whether
the measure of a line can be paid for (``payable``), the form of a tariff (``tariff``).

A version of a tariff is all lines with the same ``tariff`` and ``valid_from``. One of them has the part ``terms``.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from schemas.errors import NotAsked
from schemas.pathway import pathways
from warehouse.measures.catalogue import ALL_PATHWAYS
from warehouse.organisations.lines import numbered_lines, separated_otherwise
from warehouse.payment.fields import Refusal, a_code, a_date, a_share, a_whole_number, one_of, some_text
from warehouse.payment.payable import counted_of, priced_twice, unpriced
from warehouse.payment.tariff import (
    CONTRACT_PERIODS,
    IF_FEWER,
    Priced,
    Tariff,
    Weighed,
    begins_a_period,
    last_day_of,
    national_measures,
    period_of,
)

TERMS, ACTIVITY, OUTCOME = "terms", "activity", "outcome"
_KEY = ("tariff", "valid_from", "part")
_COUNTED = ("line", "measure", "breakdown", "groups")
# Part → the columns that a line of it may fill, beside those of the key.
PARTS: dict[str, tuple[str, ...]] = {
    TERMS: (
        "valid_until", "period", "outcome_share", "floor", "cap", "providers", "pathway", "set_by", "source",
        "confidence",
    ),
    ACTIVITY: (*_COUNTED, "price_pence"),
    OUTCOME: (*_COUNTED, "of_groups", "national_measure", "weight", "floor", "cap", "fewest", "if_fewer"),
}  # fmt: skip
COLUMNS = (
    *_KEY, "line", "national_measure", "measure", "breakdown", "groups", "of_groups", "price_pence", "weight",
    "floor", "cap", "fewest", "if_fewer", "valid_until", "period", "outcome_share", "providers", "pathway",
    "set_by", "source", "confidence",
)  # fmt: skip
_SHOWN = 20
_PATHWAYS = (ALL_PATHWAYS, *(each.code for each in pathways()))

Row = Mapping[str, str]
Numbered = tuple[int, Row]
Problems = list[tuple[int, str]]


class TariffRefused(NotAsked):
    """A tariff file cannot be used; the message lists the problems with their lines."""


def read_tariffs(path: Path) -> tuple[Tariff, ...]:
    """The tariffs of a file, in order of name and day. Raises TariffRefused with every problem found."""
    if not path.is_file():
        raise TariffRefused(f"There is no file called {path}. A tariff is a CSV file: see docs/for-the-centre.md.")
    return _tariffs(path.name, path.read_bytes())


def example_tariffs() -> tuple[Tariff, ...]:
    """The tariff that comes with Parity: an example with made-up prices and weights."""
    return _tariffs("example_tariff.csv", example_file())


def example_file() -> bytes:
    """The file of ``example_tariffs``, to begin one's own from."""
    return (files("warehouse.payment") / "example_tariff.csv").read_bytes()


def _tariffs(name: str, data: bytes) -> tuple[Tariff, ...]:
    rows, problems = rows_of(data)
    tariffs: tuple[Tariff, ...] = ()
    if not problems:
        tariffs, problems = tariffs_of(rows)
    if problems:
        listed = "\n".join(f"  line {line}: {text}." for line, text in problems[:_SHOWN])
        more = f"\n  and {len(problems) - _SHOWN} further problems" if len(problems) > _SHOWN else ""
        raise TariffRefused(f"{name} cannot be used. Correct these problems:\n{listed}{more}")
    return tariffs


def rows_of(data: bytes) -> tuple[list[Numbered], Problems]:
    """The lines of a file with their numbers, by column; empty lines are left out. With problems there are none."""
    numbered = numbered_lines(data)
    if numbered is None:
        return [], [(1, "this is not CSV in UTF-8; save it again as «CSV UTF-8»")]
    if not numbered:
        return [], [(1, f"the file is empty; its first line names the columns: {','.join(COLUMNS)}")]
    (at, names), *rest = numbered
    if wrong := _wrong_names(names):
        return [], [(at, text) for text in wrong]
    problems = [
        (number, f"{len(line)} columns instead of {len(names)}") for number, line in rest if len(line) != len(names)
    ]
    return ([] if problems else [(n, dict(zip(names, line, strict=True))) for n, line in rest]), problems


def _wrong_names(names: list[str]) -> list[str]:
    if said := separated_otherwise(names):
        return [said]
    if "" in names:
        return ["a column has no name; name it, or delete the columns after the last one that has a name"]
    unknown = [name for name in names if name not in COLUMNS]
    absent = [name for name in COLUMNS if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [
        *(f"{name[:30]!r} is no column of a tariff; the columns are {', '.join(COLUMNS)}" for name in unknown),
        *(f"the column {name} is missing; the columns are {', '.join(COLUMNS)}" for name in absent),
        *(f"the column {name[:30]} is there twice" for name in twice),
    ]


def tariffs_of(rows: Iterable[Numbered]) -> tuple[tuple[Tariff, ...], Problems]:
    """The tariffs that the lines say, in order of name and day, and what is wrong with them, in order of lines."""
    problems: Problems = []
    versions: dict[tuple[str, str], list[Numbered]] = {}
    for number, row in rows:
        versions.setdefault((row["tariff"], row["valid_from"]), []).append((number, row))
    if not versions:
        problems.append((2, "there is no tariff: the file has no line below the names of the columns"))
    found = [(lines[0][0], tariff) for lines in versions.values() if (tariff := _version(lines, problems))]
    found.sort(key=lambda each: (each[1].name, each[1].valid_from))
    for (_, earlier), (line, later) in pairwise(found):
        if later.name == earlier.name and (earlier.valid_until is None or earlier.valid_until >= later.valid_from):
            problems.append((line, f"{later.name} of {later.valid_from} begins while that of {earlier.valid_from} "
                             "still holds; the earlier one must have a valid_until before this day"))  # fmt: skip
    return tuple(tariff for _, tariff in found), sorted(problems)


def _version(lines: list[Numbered], problems: Problems) -> Tariff | None:
    """One version of a tariff; None, with the problems, where it cannot be used."""
    before = len(problems)
    terms: list[tuple[int, dict[str, object]]] = []
    priced: list[tuple[int, Priced]] = []
    weighed: list[tuple[int, Weighed]] = []
    for number, row in lines:
        try:
            part = one_of(row["part"], "part", PARTS)
            _only(row, part)
            if part == TERMS:
                terms.append((number, _terms(row)))
            elif part == ACTIVITY:
                priced.append((number, _priced(row)))
            else:
                weighed.append((number, _weighed(row)))
        except Refusal as refused:
            problems += [(number, text) for text in refused.problems]
    at = lines[0][0]
    if len(problems) == before:
        problems += [(at, text) for text in _as_a_whole(terms, priced, weighed)]
    if len(problems) > before:
        return None
    return Tariff(**terms[0][1], priced=tuple(p for _, p in priced), weighed=tuple(w for _, w in weighed))  # type: ignore[arg-type]


def _only(row: Row, part: str) -> None:
    """Refuse values in columns that say nothing for this part, so that none is ignored in silence."""
    strange = [name for name in COLUMNS if row[name] and name not in (*_KEY, *PARTS[part])]
    if strange:
        raise Refusal(f"{', '.join(strange)} must be empty in a line of {part}, which has "
                      f"{', '.join(PARTS[part])}")  # fmt: skip


def _terms(row: Row) -> dict[str, object]:
    found = Refusal.collect(
        name=lambda: some_text(row, "tariff"),
        period=lambda: one_of(row["period"], "period", CONTRACT_PERIODS),
        valid_from=lambda: a_date(row, "valid_from"),
        valid_until=lambda: a_date(row, "valid_until") if row["valid_until"] else None,
        outcome_share=lambda: a_share(row, "outcome_share"),
        least_paid=lambda: a_share(row, "floor") if row["floor"] else Decimal(0),
        most_paid=lambda: a_share(row, "cap") if row["cap"] else Decimal(1),
        providers=lambda: tuple(a_code(code) for code in row["providers"].split()),
        pathway=lambda: one_of(row["pathway"] or ALL_PATHWAYS, "pathway", _PATHWAYS),
        set_by=lambda: some_text(row, "set_by"),
        source=lambda: some_text(row, "source"),
        confidence=lambda: one_of(row["confidence"], "confidence", ("F", "R")),
    )
    _check_days(str(found["period"]), found["valid_from"], found["valid_until"])
    if found["least_paid"] > found["most_paid"]:
        raise Refusal(f"the floor {row['floor']} of the outcome part is above its cap {row['cap']}")
    return found


def _check_days(period: str, first: date, last: date | None) -> None:
    """A version holds for whole periods: a part of one could not be paid by it."""
    if not begins_a_period(period, first):
        raise Refusal(f"valid_from {first} must be the first day of a {period}, such as {period_of(period, first)}")
    if last is None:
        return
    if last < first:
        raise Refusal(f"valid_until {last} is before valid_from {first}")
    ends = last_day_of(period, period_of(period, last))
    if last != ends:
        raise Refusal(f"valid_until {last} must be the last day of a {period}, such as {ends}")


def _priced(row: Row) -> Priced:
    found = Refusal.collect(
        line=lambda: some_text(row, "line"),
        counted=lambda: counted_of(row, is_priced=True),
        price_pence=lambda: a_whole_number(row, "price_pence", "a price in whole pence, such as 12500 for £125.00"),
    )
    return Priced(**found)


def _weighed(row: Row) -> Weighed:
    found = Refusal.collect(
        line=lambda: some_text(row, "line"),
        national_measure=lambda: one_of(row["national_measure"], "national_measure", national_measures()),
        counted=lambda: counted_of(row, is_priced=False),
        weight=lambda: a_share(row, "weight"),
        floor=lambda: a_share(row, "floor"),
        cap=lambda: a_share(row, "cap"),
        fewest=lambda: a_whole_number(row, "fewest", "the smallest denominator, a whole number from 1", least=1),
        if_fewer=lambda: one_of(row["if_fewer"], "if_fewer", IF_FEWER),
    )
    each = Weighed(**found)
    if each.floor > each.cap:
        raise Refusal(f"the floor {each.floor} is above the cap {each.cap}; where they are equal, all is paid from "
                      "there on")  # fmt: skip
    if not each.weight:
        raise Refusal("weight is 0; leave out the line, or give it a weight")
    return each


def _as_a_whole(
    terms: list[tuple[int, dict[str, object]]], priced: list[tuple[int, Priced]], weighed: list[tuple[int, Weighed]]
) -> list[str]:
    """What is wrong with a version all of whose lines can be read."""
    if len(terms) != 1:
        at = f", in lines {' and '.join(str(number) for number, _ in terms)}" if terms else ""
        return [f"a version of a tariff has one line of part {TERMS}, this one has {len(terms)}{at}"]
    problems = []
    named: dict[str, list[int]] = {}
    for number, name in sorted([*((n, each.line) for n, each in priced), *((n, each.line) for n, each in weighed)]):
        named.setdefault(name, []).append(number)
    problems += [
        f"the line {name!r} is there twice, in lines {' and '.join(map(str, at))}"
        for name, at in named.items()
        if len(at) > 1
    ]
    if not priced:
        problems.append(f"there is no line of part {ACTIVITY}, so nothing has a price")
    share, weights = terms[0][1]["outcome_share"], sum((each.weight for _, each in weighed), Decimal(0))
    if share and weights != 1:
        problems.append(f"the weights add up to {weights:f} and must add up to 1: {_listed(weighed)}")
    if not share and weighed:
        problems.append("outcome_share is 0, so the lines of part outcome would pay nothing; leave them out")
    problems += priced_twice([each for _, each in priced]) + unpriced([each for _, each in priced])
    return problems


def _listed(weighed: list[tuple[int, Weighed]]) -> str:
    return ", ".join(f"{each.line} {each.weight:f}" for _, each in weighed) or "there is no line of part outcome"
