"""Trying a tariff on the published figures of a service.

Belongs here: which tariff, service and period is asked for, and what is said where there is no amount. Does not
belong here: what a tariff comes to (``warehouse.payment``), printing it (``pipelines.show_payment``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.ask import release_file
from pipelines.zones import Zones
from schemas.errors import NotAsked
from schemas.month import month_text, months_after
from schemas.periods import PERIODS
from warehouse.payment.figures import Figures
from warehouse.payment.tables import imported, payments
from warehouse.payment.tariff import Tariff, last_day_of, period_of
from warehouse.payment.tariff_file import COLUMNS, example_tariffs, read_tariffs
from warehouse.storage import SHUT_IN

EXAMPLE = "example"
_MEMORY = "1GiB"


@dataclass(frozen=True)
class Paid:
    """What one tariff comes to for a service in one period: rows of ``mart.payment``, or why there are none."""

    provider: str
    tariff: Tariff
    period_start: date
    rows: Sequence[dict[str, Any]]

    @property
    def total_pence(self) -> int | None:
        """The sum of all amounts; None where the service submitted nothing."""
        amounts = [row["amount_pence"] for row in self.rows]
        return None if None in amounts else sum(amounts)

    @property
    def notes(self) -> list[str]:
        """What to know of the amounts, in sentences."""
        first = self.rows[0]
        months, so_far, submitted = (first[name] for name in ("months", "months_so_far", "months_submitted"))
        if not submitted:
            return [f"{self.provider} has submitted nothing for this period, so there is no amount."]
        found = []
        if so_far < months:
            found.append(f"The period is not over: {so_far} of its {months} months are in the data.")
        if submitted < so_far:
            found.append(f"{submitted} of {so_far} months are submitted. Nothing is paid for the others yet.")
        elif not first["is_complete"] and so_far == months:
            found.append("A submission of a service that was taken over is missing.")
        few = [row for row in self.rows if row["state"] in ("too few", "not applicable")]
        found += [f"{row['line']}: {_why(row)}, so the tariff says «{row['if_fewer']}»." for row in few]
        return found

    @property
    def said(self) -> dict[str, Any]:
        """All of it, for programs: pence are whole numbers."""
        named = {"provider": self.provider, "tariff": self.tariff.name, "set_by": self.tariff.set_by,
                 "source": self.tariff.source, "confidence": self.tariff.confidence,
                 "period_type": self.tariff.period, "period_start": self.period_start}  # fmt: skip
        return named | {"total_pence": self.total_pence, "notes": self.notes, "lines": list(self.rows)}


def try_tariff(
    zones: Zones, provider: str, file: Path | None = None, month: date | None = None, release: str | None = None
) -> list[Paid]:
    """What the tariffs come to for a service: those of ``file``, else those of the reference data.

    ``file`` may be ``example``. Of each tariff the period that has ``month`` in it, else the last one that it has.
    Raises NotAsked in words where there is no such service, tariff or period, and TariffRefused.
    """
    own = _of_file(file) if file is not None else None
    path = release_file(zones, release)
    with duckdb.connect(str(path), read_only=True, config=SHUT_IN | {"memory_limit": _MEMORY}) as con:
        _check_provider(con, provider)
        tariffs = own if own is not None else _imported(con)
        figures = Figures(con, tariffs)
        mine = [each for each in tariffs if figures.pays(each, provider)]
        if not mine:
            names = ", ".join(sorted({tariff.name for tariff in tariffs}))
            raise NotAsked(
                f"No tariff is for {provider}. Those that there are ({names}) name other providers "
                "or another pathway."
            )
        ((last,),) = con.execute("SELECT max(month) FROM ref.month").fetchall()
        chosen = [(tariff, start) for tariff in mine if (start := _start(tariff, month, last))]
        if not chosen:
            raise NotAsked(_no_period(mine, month, last))
        return [_paid(figures, provider, tariff, start) for tariff, start in _latest(chosen)]


def _of_file(file: Path) -> Sequence[Tariff]:
    return example_tariffs() if str(file) == EXAMPLE else read_tariffs(file)


def _imported(con: duckdb.DuckDBPyConnection) -> Sequence[Tariff]:
    there = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'ref' AND table_name = 'tariff'"
    ).fetchall()
    if there and (missing := sorted(set(COLUMNS) - {name for (name,) in there})):
        raise NotAsked(
            f"The tariffs of the release lack {', '.join(missing)}: an earlier version of Parity published it. "
            "Run parity publish, or name a file with --tariff."
        )
    found = imported(con) if there else ()
    if not found:
        raise NotAsked(
            "The release has no tariff. Name a file with --tariff, or try the example that comes with Parity: "
            f"--tariff {EXAMPLE}. To pay by it, import it as tariff.csv with the reference data."
        )
    return found


def _check_provider(con: duckdb.DuckDBPyConnection, provider: str) -> None:
    places = dict(con.execute("SELECT provider, current_provider FROM ref.provider_place").fetchall())
    now = places.get(provider)
    if now is None and provider not in places.values():
        raise NotAsked(f"There is no service {provider} in the release. Services: {', '.join(sorted(places))}.")
    if now is not None and now != provider:
        raise NotAsked(f"{provider} was taken over and counts in {now}: parity payment {now}")


def _start(tariff: Tariff, month: date | None, last: date) -> date | None:
    """The period of the contract to show: that of ``month``, else the last one; None where the tariff has none."""
    if month is not None:
        start = period_of(tariff.period, month)
        return start if start <= last and tariff.holds_in(start) else None
    start = period_of(tariff.period, last)
    while start >= tariff.valid_from:
        if tariff.holds_in(start):
            return start
        start = months_after(start, -PERIODS[tariff.period][0])
    return None


def _latest(chosen: list[tuple[Tariff, date]]) -> list[tuple[Tariff, date]]:
    """Of the versions of a tariff the one with the latest period, in the order of their names."""
    newest = {tariff.name: (tariff, start) for tariff, start in sorted(chosen, key=lambda each: each[1])}
    return [newest[name] for name in sorted(newest)]


def _no_period(tariffs: Sequence[Tariff], month: date | None, last: date) -> str:
    held = "; ".join(
        f"{tariff.name} from {tariff.valid_from}" + (f" to {tariff.valid_until}" if tariff.valid_until else "")
        for tariff in tariffs
    )
    asked = f"the period of {month_text(month)}" if month else "a period"
    there = f"The figures end with {month_text(last)}."
    return f"No tariff holds in {asked} for which there are figures. Tariffs: {held}. {there}"


def _paid(figures: Figures, provider: str, tariff: Tariff, start: date) -> Paid:
    rows = list(payments(tariff, figures.of(tariff, only=(provider, start))))
    if not rows:
        raise NotAsked(
            f"There are no figures of {provider} for {start} to {last_day_of(tariff.period, start)}. "
            f"parity payment {provider} without --period shows the last ones."
        )
    return Paid(provider, tariff, start, rows)


def _why(row: dict[str, Any]) -> str:
    if row["state"] == "not applicable":
        return "the measure does not apply to what the service does"
    return f"its denominator is {row['denominator']:,}, and the tariff asks for {row['fewest']:,}"
