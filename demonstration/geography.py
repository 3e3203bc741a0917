"""Synthetic geography of the demonstration: the commissioner of each service, and the reference files.

Belongs here: two regions, three ICBs and six sub-ICBs, the last of which joins the fifth half-way through the
first year, who lives there, one change of process, targets, and writing them as reference files. Does not belong
here: reading such files (``warehouse.organisations``).

Providers have their real codes and names. All organisations above them, every decile and every population are
synthetic, as their names say.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from demonstration.sites import Service
from demonstration.staff import staff_count
from schemas.month import months_after

_MADE_UP = "(made up)"
_REGIONS = {"ZR1": f"North {_MADE_UP}", "ZR2": f"South {_MADE_UP}"}
_ICBS = {"ZQ1": ("Fells", "ZR1"), "ZQ2": ("Downs", "ZR2"), "ZQ3": ("Marshes", "ZR2")}
_SUB_ICBS = {
    "ZS1": ("Upper Fells", "ZQ1"), "ZS2": ("Lower Fells", "ZQ1"), "ZS3": ("East Downs", "ZQ2"),
    "ZS4": ("West Downs", "ZQ2"), "ZS5": ("Marshes", "ZQ3"), "ZS6": ("Salt Marshes", "ZQ3"),
}  # fmt: skip
_POPULATION_COLUMNS = ("organisation", "breakdown", "breakdown_group", "as_of", "persons", "source", "confidence")
_MERGED, _INTO, _MONTHS_UNTIL_MERGER = "ZS6", "ZS5", 6
_OPENED = date(2022, 7, 1)
# The end of the year after the demonstration's. ASSUMED: of 100 people referred some 72 start treatment.
_MONTHS_TO_TARGET, _STARTS = 23, 0.72
# Residents, so that 2 to 3 in 100 of them start treatment in a year, as in England; the later number is 3 % higher.
_RESIDENTS = {"ZS1": 40_000, "ZS2": 25_000, "ZS3": 80_000, "ZS4": 60_000, "ZS5": 10_000, "ZS6": 8_000}
_COUNTED_ON = {date(2021, 3, 21): 100, date(2024, 6, 30): 103}
# Per cent of the residents by breakdown and group.
_PER_CENT = {
    "gender": {"female": 51, "male": 49},
    "age_band": {"under 18": 20, "18-25": 10, "26-64": 51, "65+": 19},
    "ethnic_group": {"white": 80, "asian": 10, "black": 4, "mixed": 3, "other": 3},
    "deprivation_quintile": {str(fifth): 20 for fifth in range(1, 6)},
}


def placed(service: Service) -> Service:
    """The service with a made-up sub-ICB as its commissioner, by its place in the demonstration."""
    return replace(service, commissioner=list(_SUB_ICBS)[service.index % len(_SUB_ICBS)])


def write_reference(out: Path, services: Sequence[Service], start: date) -> None:
    """Write etr, ets, eccg, eauth and succ.csv in ODS layout, deprivation and our other files.

    All go into folder ``out``. ``services`` as ``placed`` gives them; ``start`` is the first day of their first
    month.
    """
    out.mkdir(parents=True, exist_ok=True)
    merger = months_after(start, _MONTHS_UNTIL_MERGER)
    areas = {code: (name, _ICBS[icb][1], icb) for code, (name, icb) in _SUB_ICBS.items()}
    lies_in = {one.code: areas[one.commissioner][1:] for one in services}  # region and ICB
    _write(out / "eauth.csv", [_row(code, name, code) for code, name in _REGIONS.items()] + [
        _row(code, f"{name} ICB {_MADE_UP}", region) for code, (name, region) in _ICBS.items()
    ])  # fmt: skip
    _write(out / "eccg.csv", [
        _row(code, f"{name} sub-ICB {_MADE_UP}", region, icb, merger if code == _MERGED else None)
        for code, (name, region, icb) in areas.items()
    ])  # fmt: skip
    _write(out / "etr.csv", [_row(one.code, one.name, *lies_in[one.code]) for one in services])
    _write(out / "ets.csv", [
        _row(f"{one.code}01", f"{one.name}, main site {_MADE_UP}", *lies_in[one.code], parent=one.code)
        for one in services
        if f"{one.code}01" not in lies_in  # RW501 is a provider of its own as well
    ])  # fmt: skip
    _write(out / "succ.csv", [[_MERGED, _INTO, "R", f"{merger:%Y%m%d}", ""]])
    letters = sorted({"".join(filter(str.isalpha, one.postcode_district[:2])) for one in services})
    districts = [(f"{area}{number}", number) for area in letters for number in range(1, 21)]
    # Neighbouring districts differ, and every area has all ten deciles twice.
    _write(out / "deprivation.csv", [["postcode_district", "decile"]] + [
        [district, str(number * 3 % 10 + 1)] for district, number in districts
    ])  # fmt: skip
    _write(out / "population.csv", [_POPULATION_COLUMNS, *_populations()])
    _write(out / "earlier_deprivation.csv", [
        ["postcode_district", "as_of", "decile", "source", "confidence"],
        *([district, "2015-12-31", str((number * 3 + 1) % 10 + 1), f"demonstration {_MADE_UP}", "R"]
          for district, number in districts),
    ])  # fmt: skip
    _write(out / "site_location.csv", [
        ["organisation", "postcode", "latitude", "longitude", "valid_from", "source", "confidence"],
        *([code, f"{one.postcode_district} 1AA", f"{50.8 + one.index * 0.35:.2f}", f"{-2.9 + one.index * 0.21:.2f}",
           f"{_OPENED}", f"demonstration {_MADE_UP}", "R"]
          for one in services for code in (one.code, f"{one.code}01") if code == one.code or code not in lies_in),
    ])  # fmt: skip
    _write(out / "process_change.csv", [
        ["provider", "month", "reason", "pathway", "measure"],
        [services[-1].code, f"{merger:%Y-%m}", f"new record system {_MADE_UP}", "", ""],
    ])  # fmt: skip
    _write(out / "target.csv", [
        ["organisation", "series", "due", "target", "source", "confidence"],
        *([one.code, series, f"{months_after(start, _MONTHS_TO_TARGET):%Y-%m}", str(target),
           f"demonstration {_MADE_UP}", "R"]
          for one in services for series, target in _targets(one)),
    ])  # fmt: skip


def _targets(service: Service) -> list[tuple[str, int]]:
    """Of three services one plans for what it does, one for a tenth more, one for three tenths more."""
    more = (1.0, 1.1, 1.3)[service.index % 3]
    started = service.referrals_per_month * 12 * _STARTS
    return [("access", round(started * more)), ("trained staff", round(staff_count(service) * more))]


def _populations() -> list[list[str]]:
    """Residents of every area by group: those of sub-ICBs, added up for ICBs, regions and England."""
    above = {"ENG": set(_SUB_ICBS)}
    for area, (_, icb) in _SUB_ICBS.items():
        for place in (area, icb, _ICBS[icb][1]):
            above.setdefault(place, set()).add(area)
    return [
        [place, breakdown, group, f"{day}", f"{sum(_RESIDENTS[area] for area in areas) * share * size // 10_000}",
         f"demonstration {_MADE_UP}", "R"]
        for place, areas in above.items()
        for breakdown, shares in _PER_CENT.items()
        for group, share in shares.items()
        for day, size in _COUNTED_ON.items()
    ]  # fmt: skip


def is_made_up(folder: Path) -> bool:
    """Whether the imported reference data are the demonstration's."""
    path = folder / "organisation.parquet"
    return path.is_file() and not set(_REGIONS).isdisjoint(pl.read_parquet(path)["organisation"])


def _row(
    code: str, name: str, region: str, icb: str = "", closed_on: date | None = None, parent: str = ""
) -> list[str]:
    """One organisation in the 27 columns of ODS."""
    row = [code, name, region, icb, *[""] * 23]
    row[10], row[11], row[14] = f"{_OPENED:%Y%m%d}", f"{closed_on:%Y%m%d}" if closed_on else "", parent
    return row


def _write(path: Path, rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
