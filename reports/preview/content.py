"""What a preview consists of, as values.

Belongs here: the content, and what follows from it. Does not belong here: how it is made (``pipelines.preview``),
how it is said (``told``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from schemas.month import ProviderMonth
from schemas.rule import Effect

FIGURES: dict[str, pl.DataType] = {
    "provider": pl.String(), "month": pl.Date(), "pathway": pl.String(), "measure": pl.String(),
    "breakdown": pl.String(), "breakdown_group": pl.String(), "numerator": pl.Int64(), "denominator": pl.Int64(),
    "value": pl.Float64(), "state": pl.String(),
}  # fmt: skip
"""The columns of figures, as ``warehouse.own_figures.own_figures`` gives them."""


@dataclass(frozen=True)
class Earlier:
    """The service's earlier months. ``figures`` has the columns ``FIGURES``; ``extracts`` are the months of which
    records were given, ``released`` those whose figures are the centre's. ``left_out`` says what was not used, in
    sentences.
    """

    figures: pl.DataFrame
    extracts: Sequence[date]
    released: Sequence[date]
    left_out: Sequence[str]


@dataclass(frozen=True)
class National:
    """Public national figures: ``figures`` has month, pathway, measure, numerator, denominator, value and state.

    They have random errors and are suppressed where few people are counted. ``months`` are those of the file.
    """

    figures: pl.DataFrame
    months: tuple[date, ...]

    def month_beside(self, month: date) -> date | None:
        """The month to show beside ``month``: itself, or the last one before it, or the first there is."""
        before = [each for each in self.months if each <= month]
        return max(before) if before else min(self.months, default=None)


@dataclass(frozen=True)
class Cost:
    """What one kind of finding in one table costs.

    ``records`` break it. ``rows`` come back when it alone is corrected, those below the records included.
    ``changes`` has the figures of everybody that differ: pathway, measure, then numerator, denominator, value and
    state as they are (``now_…``) and as they would be if the records counted (``then_…``). Of a warning it has the
    figures that are made of the value, as they are alone: what the right value would be is not known.
    ``is_value_used`` says of a warning whether the value counts all the same.
    """

    rule_id: str
    effect: str
    table: str
    message: str
    fix: str
    records: int
    rows: int
    is_value_used: bool
    changes: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def is_rejecting(self) -> bool:
        """Whether its records do not count now."""
        return Effect(self.effect).is_rejection


@dataclass(frozen=True)
class Preview:
    """What a site's extract will come to.

    ``verdict`` is that of a check (``reports.site.report.as_json``). ``figures`` are those of the month
    (``FIGURES``), as they will be if the file is accepted; empty where its rows could not be read. ``measures`` and
    ``groups`` say what they mean (``warehouse.own_figures.own_measures``). ``begun_before`` of the ``referrals`` in
    the extract were received before the month. ``costs``: what findings cost, the most serious first;
    ``not_costed`` counts the kinds for which it was not worked out.
    """

    of: ProviderMonth | None
    verdict: Mapping[str, Any]
    figures: pl.DataFrame
    measures: pl.DataFrame
    groups: pl.DataFrame
    earlier: Earlier
    national: National | None
    costs: Sequence[Cost]
    not_costed: int
    referrals: int
    begun_before: int
    has_reference: bool

    @property
    def is_rejected(self) -> bool:
        """Whether the file as a whole is rejected: its figures are those it would have without what rejects it."""
        return Effect.REJECT_FILE.value in self.verdict["effects"]

    @property
    def national_month(self) -> date | None:
        """The month of the national figures that stand beside; ``None`` without any."""
        return self.national.month_beside(self.of.month) if self.national and self.of else None


def no_figures() -> pl.DataFrame:
    """No figure, with the columns ``FIGURES``."""
    return pl.DataFrame(schema=FIGURES)
