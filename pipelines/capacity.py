"""Demand and capacity of a service, as a release has them and with assumptions that the service sets.

Belongs here: reading a service's assumptions from a release, and reckoning with others. Does not belong here: the
formulas (``warehouse.capacity``), printing (``pipelines.show_capacity``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.ask import ask
from pipelines.zones import Zones
from schemas.errors import NotAsked
from warehouse.capacity.assumptions import NOBODY_TRAINED, Assumption, in_order
from warehouse.capacity.changing import SET, STAFF, changed, changes
from warehouse.capacity.reckoning import QUANTITIES
from warehouse.capacity.reference import named
from warehouse.capacity.simulation import limits, reckoned
from warehouse.capacity.tables import rows_of, targets_of

_COLUMNS = (
    "provider", "step", "month", "quantity", "value", "unit", "lower_80", "upper_80", "lower_95", "upper_95",
    "never_share", "services", "why_not",
)  # fmt: skip


_ASSUMPTIONS = "SELECT step, name, value, source, n, spread, error FROM mart.capacity_assumption WHERE provider = ?"
_FORECAST = "SELECT * EXCLUDE (provider) FROM mart.capacity_forecast WHERE provider = ? ORDER BY ALL"


@dataclass(frozen=True)
class Capacity:
    """What ``parity capacity`` shows of a service: assumptions, results with them, and those of the release.

    ``results`` and ``before`` are rows by column, as in ``mart.capacity``; ``forecast`` as in
    ``mart.capacity_forecast``, with the assumptions of the release, and empty where too few months are known.
    """

    provider: str
    name: str
    month: date
    assumptions: Sequence[Assumption]
    results: Sequence[dict[str, Any]]
    before: Sequence[dict[str, Any]]
    forecast: Sequence[dict[str, Any]]

    @property
    def is_changed(self) -> bool:
        """Whether an assumption is set here."""
        return any(each.source == SET for each in self.assumptions)

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "provider": self.provider,
            "name": self.name,
            "month": self.month,
            "assumptions": [
                {
                    "step": a.step, "name": a.name, "title": named()[a.name].title, "value": a.value,
                    "unit": named()[a.name].unit, "source": a.source, "n": a.n, **self._ends(a),
                }
                for a in self.assumptions
            ],
            "results": list(self.results),
            "before": list(self.before),
            "forecast": list(self.forecast),
        }  # fmt: skip

    def _ends(self, a: Assumption) -> dict[str, float | None]:
        low, high = (None, None) if a.value is None else limits(a, self.provider)
        return {"lower_95": low, "upper_95": high}


def capacity(zones: Zones, provider: str, settings: Sequence[str], release: str | None = None) -> Capacity:
    """Demand and capacity of a service in a release, the current one if none is named, with ``settings`` instead.

    Raises NotAsked for a release without capacity, an unknown service, a service without staff records unless they
    are set, and for a setting that is not accepted.
    """
    wanted = changes(settings)
    name = _service(zones, provider, release)
    own = _assumptions(ask(_ASSUMPTIONS, zones, release, [provider])[1])
    before = _rows(ask("FROM mart.capacity WHERE provider = ?", zones, release, [provider])[1])
    if not own or not before:
        raise NotAsked(f"{provider} has no course of treatment in the release. There is nothing to reckon with.")
    now = changed(own, wanted)
    if missing := sorted({each.name for each in now if each.name in STAFF and each.value is None}):
        if {each.source for each in now if each.name in missing and each.value is None} == {NOBODY_TRAINED}:
            raise NotAsked(
                f"No session of {provider} names trained staff, only staff in training. So its capacity is not "
                "known. Say it here: --set staff_trained=… --set appointments_per_wte=…. "
                f"Missing: {', '.join(missing)}."
            )
        raise NotAsked(
            f"{provider} sent no staff records with its sessions, so its capacity is not known. Send the staff of "
            f"each session (IDS202 CarePersLocalId), with IDS902 or SMI901 and SMI902. Or say it here: "
            f"{' '.join(f'--set {each}=…' for each in STAFF)}. Missing: {', '.join(missing)}."
        )
    month = before[0]["month"]
    targets = targets_of(list(dict.fromkeys(each.step for each in now)), month)
    results = _rows(rows_of(provider, month, reckoned(now, provider, targets), now, targets))
    columns, rows = ask(_FORECAST, zones, release, [provider])
    forecast = [dict(zip(columns, row, strict=True)) for row in rows]
    return Capacity(provider, name, month, now, results, before, forecast)


def _assumptions(rows: Sequence[Sequence[Any]]) -> list[Assumption]:
    """Assumptions as they are stored, ``in_order``."""
    return in_order(
        Assumption(step, name, None if value is None else float(value), source, n, spread, float(error))
        for step, name, value, source, n, spread, error in rows
    )


def _rows(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows of ``mart.capacity`` by column, with numbers as numbers: steps in order, then quantities in theirs."""
    place = {quantity.name: n for n, quantity in enumerate(QUANTITIES)}
    found = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    for row in found:
        for column in ("value", "lower_80", "upper_80", "lower_95", "upper_95", "never_share"):
            row[column] = None if row[column] is None else float(row[column])
    return sorted(found, key=lambda row: (row["step"] == "all", row["step"], place[row["quantity"]]))


def _service(zones: Zones, provider: str, release: str | None) -> str:
    """The name of a service of the release. Raises NotAsked where it has none, or no capacity at all."""
    tables = ask(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'mart' AND table_name = 'capacity_assumption'",
        zones, release,
    )[1]  # fmt: skip
    if tables == [(0,)]:
        raise NotAsked("The release has no demand and capacity: it is of an earlier version. Run parity publish.")
    sql = "SELECT DISTINCT current_provider, current_name FROM ref.provider_place ORDER BY ALL"
    names = {str(code): str(name) for code, name in ask(sql, zones, release)[1]}
    if provider not in names:
        raise NotAsked(f"There is no service {provider!r} in the release. Services: {', '.join(names)}.")
    return names[provider]
