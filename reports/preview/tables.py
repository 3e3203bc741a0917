"""All figures of a preview as rows, and as CSV: one row per figure, of everybody and by group.

Belongs here: the columns of ``preview.csv`` and ``costs.csv``. Does not belong here: which figures stand first
(``told``).
"""

from pathlib import Path

import polars as pl

from reports.preview.content import Preview
from reports.preview.told import cannot_know
from schemas.month import months_after

FIGURES_FILE, COSTS_FILE = "preview.csv", "costs.csv"
_KEYS = ("pathway", "measure", "breakdown", "breakdown_group")


def figures(preview: Preview) -> pl.DataFrame:
    """Every figure of the month with its meaning, the month before, the earlier months, and the national one.

    Columns: provider, month, pathway, measure, title, kind, unit, breakdown, breakdown_title, breakdown_group,
    group_name, numerator, denominator, value, state, value_month_before, earlier_lowest, earlier_highest,
    earlier_months, national_month, national_value. ``breakdown`` and what belongs to it is blank for the figure of
    everybody. Values are in the unit of the measure, shares from 0 to 1.
    """
    assert preview.of is not None, "asked of a preview with figures"
    month = preview.of.month
    past = preview.earlier.figures.filter(pl.col("month") < month)
    before = past.filter(pl.col("month") == months_after(month, -1)).select(
        *_KEYS, pl.col("value").alias("value_month_before")
    )
    earlier = (
        past.filter(pl.col("value").is_not_null())
        .group_by(_KEYS)
        .agg(
            pl.col("value").min().alias("earlier_lowest"), pl.col("value").max().alias("earlier_highest"),
            pl.len().alias("earlier_months"),
        )
    )  # fmt: skip
    groups = preview.groups.drop_nulls("breakdown_group").select("breakdown", "breakdown_group", "group_name")
    titles = preview.groups.select("breakdown", pl.col("title").alias("breakdown_title")).unique()
    return (
        preview.figures.join(preview.measures.select("measure", "title", "kind", "unit"), on="measure", how="left")
        .join(titles, on="breakdown", how="left")
        .join(groups, on=["breakdown", "breakdown_group"], how="left")
        .join(before, on=_KEYS, how="left")
        .join(earlier, on=_KEYS, how="left")
        .join(_national(preview), on=_KEYS, how="left")
        .select(
            "provider", pl.col("month").dt.strftime("%Y-%m"), "pathway", "measure", "title", "kind", "unit",
            "breakdown", "breakdown_title", "breakdown_group", "group_name", "numerator", "denominator", "value",
            "state", "value_month_before", "earlier_lowest", "earlier_highest", "earlier_months", "national_month",
            "national_value",
        )
        .sort("pathway", "measure", "breakdown", "breakdown_group")
    )  # fmt: skip


def costs(preview: Preview) -> pl.DataFrame:
    """Every figure that a finding changes: rule_id, effect, table, records, rows, and what ``Cost.changes`` has."""
    parts = [
        cost.changes.select(
            pl.lit(cost.rule_id).alias("rule_id"), pl.lit(cost.effect).alias("effect"),
            pl.lit(cost.table).alias("table"), pl.lit(cost.records).alias("records"),
            pl.lit(cost.rows).alias("rows"), pl.all(),
        )
        for cost in preview.costs
    ]  # fmt: skip
    return pl.concat(parts) if parts else pl.DataFrame()


def as_json(preview: Preview) -> dict[str, object]:
    """The preview for a program: the verdict, all figures, what findings cost, what cannot be known."""
    has_figures = not preview.figures.is_empty()
    return {
        "verdict": preview.verdict,
        "figures": figures(preview).to_dicts() if has_figures else [],
        "costs": costs(preview).to_dicts(),
        "cannot_know": list(cannot_know(preview)),
    }


def write(preview: Preview, folder: Path) -> list[str]:
    """Write the tables that have rows into ``folder``; returns their names. A spreadsheet opens them as UTF-8."""
    written = []
    for name, rows in ((FIGURES_FILE, figures(preview)), (COSTS_FILE, costs(preview))):
        if rows.height:
            rows.write_csv(folder / name, include_bom=True)
            written.append(name)
    return written


def _national(preview: Preview) -> pl.DataFrame:
    there = preview.national_month
    schema = {**dict.fromkeys(_KEYS, pl.String()), "national_month": pl.String(), "national_value": pl.Float64()}
    if preview.national is None or there is None:
        return pl.DataFrame(schema=schema)
    return preview.national.figures.filter(pl.col("month") == there).select(
        "pathway", "measure", pl.lit("").alias("breakdown"), pl.lit("").alias("breakdown_group"),
        pl.col("month").dt.strftime("%Y-%m").alias("national_month"), pl.col("value").alias("national_value"),
    )  # fmt: skip
