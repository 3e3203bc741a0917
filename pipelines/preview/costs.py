"""What findings cost: the figures of a month as they are, and as they would be if the records counted.

Belongs here: the figures with the records that come back. Does not belong here: which records come back
(``corrected``), how figures are counted (``warehouse``).

Core never looks beyond its provider. So each kind of finding becomes a service of its own in one build: the same
extract with the records that come back. One build of eleven small services takes no longer than that of one, since
most of it is planning.

A record with a warning counts, but not its value. What the right value would be is not known. So of a warning it is
said which figures are made of the value.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from pipelines.preview.corrected import Unit, at_most, code_of, keep_only, new_folder, rows_in
from pipelines.preview.rows import Extract
from pipelines.worker import deleted_if_orphaned
from reports.preview.content import Cost
from schemas.month import ProviderMonth
from warehouse.measures.catalogue import catalogue
from warehouse.measures.origins import measures_of
from warehouse.own_figures import EVERYBODY, build_own, own_figures, without_groups
from warehouse.staging import StagedSubmission

_FIGURE = ("numerator", "denominator", "value", "state")
_KEYS = ("pathway", "measure")


def costs(folder: Path, own: Extract, before: Sequence[Extract]) -> list[Cost]:
    """What each of the units of ``own`` costs, with the earlier extracts of the service beside it."""
    deleted_if_orphaned(folder)
    assert own.of is not None, "units have a provider and month"
    if not own.units:
        return []
    place = folder / "costs"
    # A year of extracts beside each would be counted again for each.
    rows = sum(rows_in(each) for each in (place / code_of(0), *(one.folder for one in before)))
    counted = [unit.code for unit in own.units if unit.code][: at_most(rows)]
    codes = [code_of(0), *counted]
    staged = [_as(code, own.of, place / code) for code in codes]
    for number, one in enumerate(before):
        assert one.of is not None, "a history has providers and months"
        for code in codes:
            to = new_folder(place / f"{code}-{number}")
            keep_only(one.folder, {}, code, to)
            staged.append(_as(code, one.of, to))
    draft = folder / "costs.duckdb"
    build_own(draft, staged, measures=without_groups(catalogue()))
    known = {measure.id for measure in catalogue()}
    figures = own_figures(draft).filter(
        pl.col("month") == own.of.month, pl.col("measure").is_in(known), pl.col("breakdown") == EVERYBODY
    )
    now = _of(figures, code_of(0), "now")
    return [
        replace(
            unit.cost,
            changes=_changes(now, _of(figures, unit.code, "then")) if unit.code else _made_of(now, unit),
        )
        for unit in own.units
        if not unit.code or unit.code in counted
    ]


def _changes(now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    both = now.join(then, on=_KEYS, how="full", coalesce=True)
    differs = pl.any_horizontal(pl.col(f"now_{each}").ne_missing(pl.col(f"then_{each}")) for each in _FIGURE[:3])
    return both.filter(differs).sort(_KEYS)


def _made_of(now: pl.DataFrame, unit: Unit) -> pl.DataFrame:
    """The figures that are made of a value which some records lack, as they are."""
    asked = {measure for element in unit.elements for measure in measures_of(element, catalogue())}
    there = now.filter(pl.col("measure").is_in(asked), pl.col("now_state") == "value")
    return there.with_columns(
        pl.lit(None, dtype=there.schema[f"now_{each}"]).alias(f"then_{each}") for each in _FIGURE
    )


def _of(figures: pl.DataFrame, code: str, prefix: str) -> pl.DataFrame:
    return figures.filter(pl.col("provider") == code).select(
        *_KEYS, *(pl.col(each).alias(f"{prefix}_{each}") for each in _FIGURE)
    )


def _as(code: str, of: ProviderMonth, folder: Path) -> StagedSubmission:
    return StagedSubmission(folder.name, ProviderMonth(code, of.month), folder)
