"""The tables of payment: the tariffs of the reference data, and what they come to.

Belongs here: ``ref.tariff`` and ``mart.payment``. Does not belong here: reading a tariff (``tariff_file``), finding
the figures (``figures``), reckoning (``amounts``).

Without a tariff in the reference data ``mart.payment`` is empty: Parity knows no price of its own.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb

from schemas.errors import ForThePerson
from warehouse.payment.amounts import Amount, amounts, rounded
from warehouse.payment.figures import Figures, Key, Reported
from warehouse.payment.tariff import Priced, Tariff, Weighed
from warehouse.payment.tariff_file import COLUMNS as FILE_COLUMNS
from warehouse.payment.tariff_file import tariffs_of
from warehouse.staging import insert_rows

_SHARE = "DECIMAL(5, 4)"
_TYPES = {
    "valid_from": "DATE", "valid_until": "DATE", "price_pence": "BIGINT", "fewest": "BIGINT", "weight": _SHARE,
    "floor": _SHARE, "cap": _SHARE, "outcome_share": _SHARE,
}  # fmt: skip
_TYPED = ", ".join(f"{name} {_TYPES.get(name, 'VARCHAR')}" for name in FILE_COLUMNS)
TARIFF_TABLE = f"CREATE TABLE ref.tariff ({_TYPED});"
_PAYMENT = {
    "provider": "VARCHAR", "tariff": "VARCHAR", "valid_from": "DATE", "pathway": "VARCHAR",
    "period_type": "VARCHAR", "period_start": "DATE", "position": "INTEGER", "part": "VARCHAR", "line": "VARCHAR",
    "national_measure": "VARCHAR", "measure": "VARCHAR", "breakdown": "VARCHAR", "groups": "VARCHAR",
    "of_groups": "VARCHAR", "numerator": "BIGINT", "denominator": "BIGINT", "rate": _SHARE, "price_pence": "BIGINT",
    "weight": _SHARE, "floor": _SHARE, "cap": _SHARE, "fewest": "BIGINT", "if_fewer": "VARCHAR",
    "full_pence": "BIGINT", "achieved": _SHARE, "amount_pence": "BIGINT", "state": "VARCHAR", "months": "INTEGER",
    "months_so_far": "INTEGER", "months_submitted": "INTEGER", "is_complete": "BOOLEAN",
}  # fmt: skip
COLUMNS = """
Columns of ref.tariff: One row per line of the reference file tariff.csv; empty when none was taken in. A version of
    a tariff is all lines with its name and first day.
  tariff, key: Name of the tariff.
  valid_from [date], key: First day of the version.
  part, key: terms, activity or outcome.
  line, key or NULL: What the line pays for; NULL for the terms.
  national_measure: Which of the ten national measures it is of, or local; of part outcome only.
  measure: Measure (mart.measure).
  breakdown: Breakdown (mart.breakdown) whose groups are counted; NULL for everybody.
  groups: Groups (mart.breakdown_group) that are counted, separated by semicolons.
  of_groups: Groups among which they are counted; NULL for all.
  price_pence [pence]: Price of one.
  weight [share]: Share of the outcome part.
  floor [share]: Share up to which nothing is paid; of the terms, the least share of the outcome part that is paid.
  cap [share]: Share from which all is paid; of the terms, the most of the outcome part that is paid.
  fewest: Smallest denominator that is judged.
  if_fewer: What a measure with a smaller denominator is paid: paid in full, not paid, as the others.
  valid_until [date]: Last day of the version; NULL until further notice.
  period: Period of the contract: month, quarter or financial year.
  outcome_share [share]: Share of the price of all activity that is paid by outcome.
  providers: ODS codes of the providers it is for, separated by blanks; NULL for all.
  pathway: Pathway (ref.pathway) whose people it pays for; all or NULL for all together.
  set_by: Who set it.
  source: Where it is written down.
  confidence: F: found in the source; R: recalled, estimated or an example.

Columns of mart.payment: What the tariffs come to: one row per service, version of a tariff, period of the contract
    and line. The amounts of a service and period add up to what it is paid. Empty without a tariff (ref.tariff).
  provider, key: ODS code of the provider as it is today; a merged one counts in its successor.
  tariff, key: Name of the tariff (ref.tariff).
  valid_from [date], key: First day of the version.
  pathway: Pathway (ref.pathway) whose people the tariff pays for, or all.
  period_type: month, quarter or financial year, as the tariff says.
  period_start [date], key: First day of the period. A period that has begun is there to date.
  position, key: Place of the line in the tariff.
  part: activity, outcome, or limit: the floor and cap of the outcome part as a whole.
  line: What the line pays for.
  national_measure: Which of the ten national measures it is of, or local; of part outcome only.
  measure: Measure (mart.measure); NULL for the limit.
  breakdown: Breakdown whose groups are counted; NULL for everybody.
  groups: Groups that are counted, separated by semicolons.
  of_groups: Groups among which they are counted; NULL for all.
  numerator: Count of the measure in the period (mart.service_measure, mart.breakdown_measure); of activity how
      many. NULL where the service submitted nothing, or the measure does not apply.
  denominator: Of how many; NULL for activity.
  rate [share]: numerator / denominator to four decimals, for reading; NULL for activity and where nobody is
      counted.
  price_pence [pence]: Price of one, for activity.
  weight [share]: Share of the outcome part; of the limit the share of the full price that is paid by outcome.
  floor [share]: Share up to which nothing is paid; of the limit the least share of the outcome part.
  cap [share]: Share from which all is paid; of the limit the most of the outcome part.
  fewest: Smallest denominator that is judged.
  if_fewer: What a measure with a smaller denominator is paid: paid in full, not paid, as the others.
  full_pence [pence]: Of activity the full price; of outcome what the measure pays at its cap. NULL for the limit.
  achieved [share]: Part of full_pence that the measure pays, to four decimals. Amounts are made with the exact
      part.
  amount_pence [pence]: What is paid. NULL where the service submitted nothing. Below 0 only for the limit.
  state: value; too few (the denominator is under fewest); not applicable; not submitted (nothing in the period).
  months [months]: Months of the period.
  months_so_far [months]: Months of it that the data reach.
  months_submitted [months]: Months of it that the service submitted.
  is_complete: Whether the period is over and no submission of it is missing.
"""


class TariffOutdated(ForThePerson):
    """A tariff that was taken in cannot be used any more: the catalogue of measures has changed since."""


def build_payment(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``mart.payment`` from ``ref.tariff`` and the marts. Raises TariffOutdated."""
    con.execute(f"CREATE TABLE mart.payment ({', '.join(f'{name} {kind}' for name, kind in _PAYMENT.items())})")
    tariffs = imported(con)
    figures = Figures(con, tariffs)
    for tariff in tariffs:
        rows = payments(tariff, figures.of(tariff))
        insert_rows(con, "mart.payment", [tuple(row[name] for name in _PAYMENT) for row in rows])


def imported(con: duckdb.DuckDBPyConnection) -> tuple[Tariff, ...]:
    """The tariffs of ``ref.tariff`` of a draft or release. Raises TariffOutdated."""
    names = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in FILE_COLUMNS)
    found = con.execute(f"SELECT {names} FROM ref.tariff ORDER BY rowid").fetchall()
    if not found:
        return ()
    tariffs, problems = tariffs_of(
        [(n, dict(zip(FILE_COLUMNS, row, strict=True))) for n, row in enumerate(found, 2)]
    )
    if problems:
        said = "".join(f"\n  {text}." for _, text in problems)
        raise TariffOutdated(
            f"The tariff in the reference data cannot be used with this version of Parity:{said}\n"
            "Correct tariff.csv and import the reference data again."
        )
    return tariffs


def payments(tariff: Tariff, found: Mapping[Key, Reported]) -> Iterator[dict[str, Any]]:
    """What a tariff comes to: rows of ``mart.payment`` by the names of its columns.

    They are in the order of ``found``: what services reported, by provider and first day of the period.
    """
    agreed = [*map(_agreed, tariff.lines), _limits(tariff)]
    for (provider, period_start), reported in found.items():
        of_period = {
            "provider": provider, "tariff": tariff.name, "valid_from": tariff.valid_from,
            "pathway": tariff.pathway, "period_type": tariff.period, "period_start": period_start,
            "months": reported.months, "months_so_far": reported.months_so_far,
            "months_submitted": reported.months_submitted, "is_complete": reported.is_complete,
        }  # fmt: skip
        lines = zip(amounts(reported.figures, tariff), agreed, strict=True)
        for position, (amount, said) in enumerate(lines, start=1):
            yield dict.fromkeys(_PAYMENT) | of_period | said | _paid(amount) | {"position": position}


def _agreed(line: Priced | Weighed) -> dict[str, Any]:
    """What the tariff says of a line: what is counted, and its price or weight."""
    of = line.counted
    counted = {
        "measure": of.measure, "breakdown": of.breakdown or None, "groups": _listed(of.groups),
        "of_groups": _listed(of.of_groups),
    }  # fmt: skip
    if isinstance(line, Priced):
        return counted | {"price_pence": line.price_pence}
    names = ("national_measure", "weight", "floor", "cap", "fewest", "if_fewer")
    return counted | {name: getattr(line, name) for name in names}


def _limits(tariff: Tariff) -> dict[str, Any]:
    return {"weight": tariff.outcome_share, "floor": tariff.least_paid, "cap": tariff.most_paid}


def _paid(amount: Amount) -> dict[str, Any]:
    return {
        "part": amount.part, "line": amount.line, "numerator": amount.figure.numerator,
        "denominator": amount.figure.denominator, "rate": _four_decimals(amount.figure.rate),
        "full_pence": amount.full_pence,
        "achieved": _four_decimals(amount.achieved), "amount_pence": amount.amount_pence, "state": amount.state,
    }  # fmt: skip


def _listed(groups: tuple[str, ...]) -> str | None:
    """Groups as the file lists them; None where there are none."""
    return "; ".join(groups) or None


def _four_decimals(exact: Fraction | None) -> Decimal | None:
    """A share to four decimals, halves up, for reading."""
    return None if exact is None else Decimal(rounded(10_000 * exact)).scaleb(-4)
