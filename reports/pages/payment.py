"""What is paid for: what the tariffs of a service come to, each amount with the figures behind it.

Belongs here: the block of a service's own page, and its sentences. Does not belong here: what is paid
(``mart.payment``). Amounts rest on exact figures, so the public edition has none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reports.pages.beside import Beside
from reports.pages.numbers import Source, data
from reports.pages.release import INSIDE, Period, Release
from reports.pages.sentences import filled
from reports.site.wording import per_cent
from schemas.month import months_after

SET_BY = "Tariff {tariff}, set by {set_by}. The amounts are for {period}."
SPLIT = "Of the full price of what was done, {share} depends on the measures below. The rest is paid in any case."
WHOLE = "The full price of what was done is paid in any case."
RULE = (
    "Up to the first agreed share a measure pays nothing, from the second on all of it, between them in proportion."
)
TOGETHER = "Together it is {amount}."
NOTHING = "No month of this period is in yet, so the amounts are open."
TO_DATE = "The period is not over: {so_far} of its {months} months are in the data."
MISSING = "{submitted} of {so_far} months are submitted. Nothing is paid for the others yet."
TAKEN_OVER = "A submission of a service that was taken over is missing."
FEW = "{line}: too few people to say. The tariff says what then holds: {if_fewer}."
NOT_ASKED = "{line}: the measure does not apply here. The tariff says what then holds: {if_fewer}."
LIMITED = "The tariff limits what the measures change. That makes {amount} of difference."
PATTERNS = (SET_BY, SPLIT, RULE, WHOLE, TOGETHER, NOTHING, TO_DATE, MISSING, TAKEN_OVER, FEW, NOT_ASKED, LIMITED)
"""Every sentence of the block."""

NEWEST = """
FROM mart.payment AS p
INNER JOIN ref.tariff AS t ON t.tariff = p.tariff AND t.valid_from = p.valid_from AND t.part = 'terms'
WHERE p.period_start = (SELECT max(period_start) FROM mart.payment AS n WHERE n.tariff = p.tariff)
"""
"""The rows that pages show: of each tariff its newest period."""
_ROWS = f"SELECT p.*, t.set_by {NEWEST} ORDER BY p.provider, p.tariff, p.valid_from, p.position"


@dataclass(frozen=True)
class Line:
    """A line of a table: what it is, the figure behind it, what was agreed, what it is in full, what is paid."""

    name: str
    figure: Markup
    agreed: Markup
    full: Markup
    paid: Markup


@dataclass(frozen=True)
class Paid:
    """What a tariff comes to: what is said first, its two tables, and what to know of them."""

    tariff: str
    sentences: Sequence[Markup]
    activity: Sequence[Line]
    outcome: Sequence[Line]
    notes: Sequence[Markup]


class Payments:
    """What the tariffs come to for all services, read once and handed out service by service."""

    def __init__(self, release: Release) -> None:
        """Of a release; of the public edition, and of one without the table, there are none."""
        has = release.edition == INSIDE and release.has("mart", "payment")
        self._rows = Beside(release.rows(_ROWS) if has else iter(()), "provider")

    def of(self, provider: str) -> list[Paid]:
        """The tariffs of a service, asked for in the order of their codes."""
        tariffs: dict[str, list[dict[str, Any]]] = {}
        for row in self._rows.of(provider):
            tariffs.setdefault(row["tariff"], []).append(row)
        return [paid(rows) for rows in tariffs.values()]


def paid(rows: Sequence[Mapping[str, Any]]) -> Paid:
    """The block of one tariff, from its rows of ``mart.payment`` in order, with ``set_by`` of ``ref.tariff``."""
    first, *_, limit = rows
    until = months_after(first["period_start"], first["months_so_far"] - 1)
    period = Period(first["period_type"], first["period_start"], until)
    head = [filled(SET_BY, tariff=first["tariff"], set_by=first["set_by"], period=period.words)]
    if first["state"] == "not submitted":
        return Paid(first["tariff"], [*head, filled(NOTHING)], [], [], [])
    if limit["weight"]:
        share = _number(limit, "weight", per_cent(limit["weight"]))
        head += [filled(SPLIT, share=share), filled(RULE)]
    else:
        head.append(filled(WHOLE))
    head.append(filled(TOGETHER, amount=pounds(sum(row["amount_pence"] for row in rows))))
    lines = {part: [_line(row) for row in rows if row["part"] == part] for part in ("activity", "outcome")}
    return Paid(first["tariff"], head, lines["activity"], lines["outcome"], [*_notes(rows, first, limit)])


def pounds(pence: int) -> str:
    """An amount in whole pounds and pence: £1,234.50."""
    return f"{'−' if pence < 0 else ''}£{abs(pence) // 100:,}.{abs(pence) % 100:02}"


def _notes(
    rows: Sequence[Mapping[str, Any]], first: Mapping[str, Any], limit: Mapping[str, Any]
) -> Iterator[Markup]:
    months = {
        slot: _number(first, column, f"{first[column]}")
        for slot, column in (("so_far", "months_so_far"), ("months", "months"), ("submitted", "months_submitted"))
    }
    if first["months_so_far"] < first["months"]:
        yield filled(TO_DATE, **months)
    if first["months_submitted"] < first["months_so_far"]:
        yield filled(MISSING, **months)
    elif not first["is_complete"] and first["months_so_far"] == first["months"]:
        yield filled(TAKEN_OVER)
    for row in rows:
        if row["state"] in ("too few", "not applicable") and row["part"] == "outcome":
            pattern = FEW if row["state"] == "too few" else NOT_ASKED
            yield filled(pattern, line=row["line"], if_fewer=row["if_fewer"])
    if limit["amount_pence"]:
        yield filled(LIMITED, amount=_pounds(limit, "amount_pence"))


def _line(row: Mapping[str, Any]) -> Line:
    return Line(row["line"], _figure(row), _agreed(row), _pounds(row, "full_pence"), _pounds(row, "amount_pence"))


def _figure(row: Mapping[str, Any]) -> Markup:
    """How many, of how many."""
    if row["numerator"] is None:
        return Markup("")
    counted = _number(row, "numerator", f"{row['numerator']:,}")
    if row["denominator"] is None:
        return counted
    of = _number(row, "denominator", f"{row['denominator']:,}")
    if row["rate"] is None:
        return Markup("{} of {}").format(counted, of)
    return Markup("{} of {}: {}").format(counted, of, _number(row, "rate", f"{100 * row['rate']:.1f} %"))


def _agreed(row: Mapping[str, Any]) -> Markup:
    """The price of one, or from which share on something and from which all is paid."""
    if row["part"] == "activity":
        return Markup("{} each").format(_pounds(row, "price_pence"))
    floor, cap = (_number(row, column, per_cent(row[column])) for column in ("floor", "cap"))
    return Markup("from {} to {}").format(floor, cap)


def _pounds(row: Mapping[str, Any], column: str) -> Markup:
    return _number(row, column, pounds(row[column]))


def _number(row: Mapping[str, Any], column: str, text: str) -> Markup:
    """A number with its place: the line is named as the group, the tariff as the source."""
    place = Source(
        "payment", column, row["provider"], row["measure"] or "", row["period_type"], row["period_start"],
        level="provider", group=row["line"], source=row["tariff"],
    )  # fmt: skip
    value = row[column]
    return data(text, value if isinstance(value, int) else float(value), place)
