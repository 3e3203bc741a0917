"""Incentives laid open: what a service of the demonstration gains under a tariff by each way of gaming.

Belongs here: which services and months, and setting amounts, figures and contacts of the changed beside the
unchanged. Does not belong here: the ways (``demonstration.gaming.ways``), building (``pipelines.gamed``), what is
paid (``warehouse.payment``), how it looks (``reports.published.incentives``).
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from demonstration.gaming.courses import kept_contacts
from demonstration.gaming.records import MONTH, Records
from demonstration.gaming.ways import WAYS, Way
from pipelines.gamed import accepted, kept, records_of_service, sent, service_of
from reports.published.incentives import Gain, Incentives, Paid, People, Shown
from schemas.month import months_after
from schemas.sql import quoted
from warehouse.build import build_core, build_marts
from warehouse.measures.catalogue import ALL_PATHWAYS, Measure, catalogue
from warehouse.payment.amounts import Amount, amounts
from warehouse.payment.figures import Figures
from warehouse.payment.tariff import Tariff
from warehouse.staging import StagedSubmission

# Courses take four months in the mean. So those that end in the year paid for are known from their start, and those
# that a service ends in it are known to their own end.
RUN_IN, PAID, RUN_OUT = 6, 12, 4
_SEEN_AT_MOST = 3
# Two services had means so near each other that a fall by a tenth was one by 80 standard deviations.
_FEWEST = 5
_TALKING_THERAPIES = "05"
_CONTACTS = "contacts"
_UNCHANGED = None


@dataclass(frozen=True)
class Setting:
    """Which services: one for each of ``seeds``, with ``referrals_a_month``. ``ways`` are those to be tried.

    ``run_in`` months come before the ``paid`` ones and ``run_out`` after them: what happens then decides what a
    service does before. ``shown`` are the measures that may show a way, all that can when None.
    """

    seeds: tuple[int, ...]
    referrals_a_month: float = 60.0
    ways: tuple[Way, ...] = WAYS
    run_in: int = RUN_IN
    paid: int = PAID
    run_out: int = RUN_OUT
    shown: tuple[str, ...] | None = None


@dataclass(frozen=True)
class _Service:
    """One service in one way, or unchanged: its code, contacts by person and hours in the paid months."""

    code: str
    contacts: pl.DataFrame
    hours: float


def incentives(tariff: Tariff, setting: Setting, step: Callable[[], None] = lambda: None) -> Incentives:
    """What every way is worth under the tariff to services of the demonstration.

    ``step`` is called after every service. The months paid for begin with the first day of the tariff.
    """
    return compared(tariff, setting, _made_up(months_of(tariff, setting), setting), step)


def months_of(tariff: Tariff, setting: Setting) -> list[date]:
    """The months that services send: those before the tariff, those paid for, and those after."""
    number = setting.run_in + setting.paid + setting.run_out
    return [months_after(tariff.valid_from, by - setting.run_in) for by in range(number)]


def compared(
    tariff: Tariff, setting: Setting, services: Iterable[Records], step: Callable[[], None] = lambda: None
) -> Incentives:
    """The same of services whose accepted rows these are, whichever providers the tariff is for."""
    tariff = replace(tariff, providers=())
    since, until = tariff.valid_from, months_after(tariff.valid_from, setting.paid)
    ways: tuple[Way | None, ...] = (_UNCHANGED, *setting.ways)
    months, measures = months_of(tariff, setting), _counted(tariff, setting.shown)
    with TemporaryDirectory(prefix="parity-incentives-") as folder:
        made: dict[str, list[_Service]] = {}
        current: list[StagedSubmission] = []
        for records in services:
            for way in ways:
                changed, code = way.change(records) if way else records, f"ZX{len(current) // len(months):03d}"
                made.setdefault(way.id if way else "", []).append(_service(code, changed, since, until))
                current += kept(changed, code, months, Path(folder))
                step()
        draft = Path(folder) / "draft.duckdb"
        build_core(draft, current, measures=measures)
        build_marts(draft, measures=measures)
        with duckdb.connect(str(draft), read_only=True) as con:
            paid, values = _paid(con, tariff, until), _values(con, since, until)
    gains = tuple(_gain(way, made[""], made[way.id], paid, values, tariff) for way in setting.ways)
    return Incentives(tariff.name, tariff.set_by, len(made[""]), setting.referrals_a_month, since,
                      until - timedelta(days=1), gains)  # fmt: skip


def _made_up(months: Sequence[date], setting: Setting) -> Iterator[Records]:
    """The accepted rows of a service of the demonstration for each seed."""
    for seed in setting.seeds:
        service = service_of(seed, f"ZY{seed:03d}", setting.referrals_a_month)
        records = records_of_service(service, months[0], len(months), seed)
        with TemporaryDirectory(prefix="parity-incentives-") as folder:
            yield accepted(sent(records, service, Path(folder))[0])


def _service(code: str, records: Records, since: date, until: date) -> _Service:
    paid = kept_contacts(records).filter((pl.col("day") >= since) & (pl.col("day") < until))
    referrals = records.tables["IDS101"].filter((pl.col(MONTH) >= since) & (pl.col(MONTH) < until))
    return _Service(code, _by_person(referrals, paid), int(paid["minutes"].sum()) / 60)


def _by_person(referrals: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """``patient`` and ``contacts``: how many of these each had, 0 for all others with such a referral."""
    patients = referrals.select("LocalPatientId", referral="ServiceRequestId").unique()
    counted = patients.join(paid.group_by("referral").agg(contacts=pl.len()), on="referral", how="left")
    contacts = pl.col(_CONTACTS).fill_null(0).sum().cast(pl.Int64)
    return counted.group_by(patient="LocalPatientId").agg(contacts)


def _counted(tariff: Tariff, shown: tuple[str, ...] | None) -> list[Measure]:
    """The measures that the tariff pays for, with those breakdowns only, and others that may show a way."""
    asked: dict[str, set[str]] = {}
    for counted in (each.counted for each in tariff.lines):
        asked.setdefault(counted.measure, set()).update({counted.breakdown} - {""})
    others = {each.id for each in catalogue() if _may_show(each) and (shown is None or each.id in shown)}
    found = [each for each in catalogue() if each.id in asked or each.id in others]
    return [
        replace(each, breakdowns=tuple(name for name in each.breakdowns if name in asked.get(each.id, ())))
        for each in found
    ]


def _may_show(measure: Measure) -> bool:
    return measure.kind in ("share", "mean") and not measure.is_stock and measure.applies_to(_TALKING_THERAPIES)


def _paid(con: duckdb.DuckDBPyConnection, tariff: Tariff, until: date) -> dict[str, list[Amount]]:
    """By provider, the amounts of all periods up to a day, one after the other."""
    found: dict[str, list[Amount]] = {}
    for (provider, period_start), each in Figures(con, [tariff]).of(tariff).items():
        if period_start < until:
            found.setdefault(provider, []).extend(amounts(each.figures, tariff))
    return found


def _values(con: duckdb.DuckDBPyConnection, since: date, until: date) -> dict[tuple[str, str], tuple[float, float]]:
    """By provider and measure: sum and number behind the value of the months paid for."""
    rows = con.execute(
        "SELECT organisation, measure, CAST(sum(numerator) AS DOUBLE), CAST(sum(denominator) AS DOUBLE) "
        f"FROM mart.service_measure WHERE level = 'provider' AND period_type = 'month' AND pathway = "
        f"{quoted(ALL_PATHWAYS)} AND period_start >= ? AND period_start < ? "
        "GROUP BY organisation, measure HAVING sum(denominator) > 0 "
        "ORDER BY ALL",
        [since, until],
    ).fetchall()
    return {(provider, measure): (numerator or 0.0, number) for provider, measure, numerator, number in rows}


def _gain(
    way: Way,
    honest: Sequence[_Service],
    changed: Sequence[_Service],
    paid: Mapping[str, list[Amount]],
    values: Mapping[tuple[str, str], tuple[float, float]],
    tariff: Tariff,
) -> Gain:
    before, after = ([paid[each.code] for each in services] for services in (honest, changed))
    fewer = [_fewer(one, other) for one, other in zip(honest, changed, strict=True)]
    pence = [(_total(a), _total(b)) for a, b in zip(before, after, strict=True)]
    hours = [(one.hours, other.hours) for one, other in zip(honest, changed, strict=True)]
    total = Paid("total", "Everything", mean(map(_total, before)), mean(map(_total, after)))
    lines = dict.fromkeys((each.part, each.line) for each in before[0])
    return Gain(
        way=way.id, title=way.title, does=way.does, harm=way.harm, stays=way.stays, guard=way.guard,
        knows_the_end=way.knows_the_end, total=total,
        per_cent=tuple(_more(a, b) for a, b in pence),
        per_hour=tuple(_more(a * i, b * h) for (a, b), (h, i) in zip(pence, hours, strict=True)),
        lines=tuple(_line(part, line, before, after) for part, line in lines),
        people=People(sum(each.contacts.height for each in honest), *map(sum, zip(*fewer, strict=True))),
        shown=_shown([each.code for each in honest], [each.code for each in changed], values, tariff),
    )  # fmt: skip


def _more(before: float, after: float) -> float:
    """The difference in per cent, 0 where nothing was paid."""
    return 100 * (after - before) / before if before else 0.0


def _total(paid: Sequence[Amount]) -> int:
    return sum(each.amount_pence or 0 for each in paid)


def _line(part: str, line: str, before: Sequence[Sequence[Amount]], after: Sequence[Sequence[Amount]]) -> Paid:
    mine = [[[each for each in one if each.line == line] for one in services] for services in (before, after)]
    pence = [mean(_total(one) for one in services) for services in mine]
    figures = [_figure([each for one in services for each in one], len(services)) for services in mine]
    return Paid(part, line, pence[0], pence[1], figures[0], figures[1])


def _figure(paid: Sequence[Amount], services: int) -> float | None:
    """The share behind a line over all services and periods; of activity the mean count of a service."""
    counted = [each.figure for each in paid if each.figure.numerator is not None]
    if not counted:
        return None
    numerator = sum(each.numerator or 0 for each in counted)
    if counted[0].denominator is None:
        return numerator / services
    number = sum(each.denominator or 0 for each in counted)
    return numerator / number if number else None


def _fewer(honest: _Service, changed: _Service) -> tuple[int, int, int]:
    """People with fewer contacts than before, contacts that they have less, and contacts that others have more."""
    both = honest.contacts.join(changed.contacts, on="patient", how="left", suffix="_after")
    less = both.select(less=pl.col(_CONTACTS) - pl.col(f"{_CONTACTS}_after").fill_null(0))["less"]
    return int((less > 0).sum()), int(less.clip(lower_bound=0).sum()), int((-less).clip(lower_bound=0).sum())


def _shown(
    honest: Sequence[str],
    changed: Sequence[str],
    values: Mapping[tuple[str, str], tuple[float, float]],
    tariff: Tariff,
) -> tuple[Shown, ...]:
    """The measures that move most and are not paid for, beside how much unchanged services differ."""
    paid = {each.counted.measure for each in tariff.lines}
    found = []
    for measure in catalogue():
        keys = [[(code, measure.id) for code in codes] for codes in (honest, changed)]
        if measure.id in paid or any(key not in values for of in keys for key in of):
            continue
        before, after = ([values[key][0] / values[key][1] for key in of] for of in keys)
        differ = _spread(before, [values[key] for key in keys[0]], measure)
        if differ and (moved := mean(after) - mean(before)):
            found.append(Shown(measure.id, measure.title, measure.unit, mean(before), mean(after), moved / differ))
    found.sort(key=lambda each: (-abs(each.deviations), each.measure))
    return tuple(found[:_SEEN_AT_MOST])


def _spread(shares: Sequence[float], counts: Sequence[tuple[float, float]], measure: Measure) -> float:
    """The standard deviation between unchanged services; of a share at least what chance alone gives one service.

    Few services may agree by chance, at 0 most of all. What chance gives a mean is unknown: 0 with too few of them.
    """
    found = stdev(shares) if len(shares) > 1 else 0.0
    if measure.kind != "share":
        return found if len(shares) >= _FEWEST else 0.0
    numerator, number = (mean(each[at] for each in counts) for at in (0, 1))
    share = (numerator + 0.5) / (number + 1)
    return max(found, math.sqrt(share * (1 - share) / number))
