"""Which providers are expected to submit which months.

Belongs here: the rule, the centre's own list (``expected.csv``), and who has closed or was taken over. Does not
belong here: what was received (``pipelines.board``), and whom to write to (``pipelines.chasing``).

The centre's file is ``expected.csv`` in the data root: ``provider,first_month,last_month,why``. It names providers
that have to submit and may never have done so. It is no reference data: a provider more on the list changes no
figure, and must not give a release another name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.zones import Zones
from schemas.catalogue_file import Problem, Row, malformed, read_rows, wrong_columns, wrong_length
from schemas.month import ProviderMonth, month_of, months_after, months_between, parse_month

FILE = "expected.csv"
# As in mart.submission_punctuality: who has sent nothing for six months has stopped.
STOPPED_AFTER = 6
_COLUMNS = ("provider", "first_month", "last_month", "why")
_MONTH = "20[0-9]{2}-(0[1-9]|1[0-2])"
_FORMS = {
    "provider": ("[A-Z0-9]{3,8}", "an ODS code such as RW5"),
    "first_month": (_MONTH, "a month such as 2026-04"),
    "last_month": (f"({_MONTH})?", "a month such as 2026-04, or blank"),
    "why": (".+", "a reason"),
}


@dataclass(frozen=True)
class Listed:
    """A provider on the centre's list: it is expected from ``first`` to ``last``, or for good (None)."""

    provider: str
    first: date
    last: date | None


def listed(zones: Zones) -> list[Listed]:
    """The centre's list, empty where there is none. Raises CatalogueError if it cannot be read."""
    file = zones.home / FILE
    return [
        Listed(
            row["provider"],
            parse_month(row["first_month"]),
            parse_month(row["last_month"]) if row["last_month"] else None,
        )
        for row in (read_rows(file, FILE, _problems) if file.exists() else ())
    ]


def ended(zones: Zones) -> dict[str, date]:
    """The day on which each provider closed or was taken over, as the imported reference files say."""
    import polars as pl

    days: dict[str, date] = {}
    for table, column in (("organisation", "closed_on"), ("succession", "effective_on")):
        file = zones.reference / f"{table}.parquet"
        if file.is_file():
            rows = pl.read_parquet(file, columns=["organisation", column]).drop_nulls().iter_rows()
            for code, day in rows:
                days[code] = min(day, days.get(code, date.max))
    return days


def expected(
    sent: Iterable[ProviderMonth], on: date, by_list: Iterable[Listed], ends: Mapping[str, date]
) -> set[ProviderMonth]:
    """The provider-months that are expected on a day, up to the month before it: its window is open.

    ``sent`` are those that were sent so far (``Ledger.sent``).

    A provider is expected from the first month it sent anything for, whatever became of it, until six months after
    the last one, or until it closed or was taken over. One on the list is expected as the list says.
    """
    until = months_after(month_of(on), -1)
    spans: dict[str, list[tuple[date, date]]] = {}
    by_provider: dict[str, set[date]] = {}
    for of in sent:
        by_provider.setdefault(of.provider, set()).add(of.month)
    for provider, months in by_provider.items():
        spans[provider] = [(min(months), months_after(max(months), STOPPED_AFTER))]
    for each in by_list:
        spans.setdefault(each.provider, []).append((each.first, each.last or date.max))
    found = set()
    for provider, each_span in spans.items():
        end = ends.get(provider, date.max)
        for first, last in each_span:
            span = months_between(first, min(last, until)) if first <= min(last, until) else []
            found |= {ProviderMonth(provider, month) for month in span if month < end}
    return found


def _problems(header: Sequence[str], rows: Sequence[Row]) -> Iterator[Problem]:
    found = list(wrong_columns(header, _COLUMNS))
    yield from found
    for number, row in enumerate(rows if not found else (), start=2):
        wrong = list(wrong_length(number, row, _COLUMNS))
        yield from wrong or ((number, problem) for _, problem in malformed(row, _FORMS))
