"""Values that stay: a value that its element's declaration does not allow never leaves the identifiable zone.

Belongs here: which rules speak of such a value, blanking it, and the flag that says so. Does not belong here: the
rules (``schemas.generated``), what replaces an identifier (``transforms.pseudonymise``).

A wrong code is a warning, and the record counts. But what was typed there may be anything: an NHS number in a
column of codes, or the postcodes of a month under the wrong heading. Data quality needs to know that the value was
wrong, and not what it was.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from schemas.rule import Rule
from schemas.staged import INVALID, staged_schema
from schemas.table import Table

NO_FLAGS: Mapping[str, Sequence[str]] = {}


def speaking(rules: Sequence[Rule], *, of_all: bool = False) -> dict[str, list[str]]:
    """Per field the ids of the rules that find its value not allowed and let the record pass.

    ``of_all``: of those that reject the record, too.
    """
    found: dict[str, list[str]] = {}
    for rule in rules:
        if rule.is_declared and (of_all or not rule.effect.is_rejection):
            found.setdefault(rule.fields[0], []).append(rule.id)
    return found


def withholding(
    rows: pl.LazyFrame, table: Table, flags: Mapping[str, Sequence[str]] = NO_FLAGS, also: Sequence[str] = ()
) -> pl.LazyFrame:
    """``rows`` (``pseudonymise.pseudonymised``) as ``staged_schema``: every value blank that a flag says is not
    allowed, and ``INVALID``.

    ``flags`` names per field the columns that are true for such a value. The columns ``also`` come last, unchanged.
    """
    schema = staged_schema(table)
    kept = {field: names for field, names in flags.items() if field in schema}
    if not kept:
        return rows.with_columns(pl.lit(None, dtype=pl.String).alias(INVALID)).select(*schema, *also)
    return rows.map_batches(
        lambda batch: _withheld(batch, kept).select(*schema, *also),
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
        schema=schema | {name: pl.Boolean() for name in also},
        streamable=True,
    )


def _withheld(batch: pl.DataFrame, flags: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """A batch with values blanked. Most batches have few of them: only their rows and columns are touched."""
    broken = {
        field: pl.any_horizontal(names).fill_null(False)
        for field, names in flags.items()
        if any(batch[name].any() for name in names)
    }
    if not broken:
        return batch.with_columns(pl.lit(None, dtype=pl.String).alias(INVALID))
    rows = batch.select(pl.any_horizontal(broken.values()).arg_true()).to_series()
    said = pl.concat_str(
        [pl.when(is_broken).then(pl.lit(f" {field}")).otherwise(pl.lit("")) for field, is_broken in broken.items()]
    )
    names = batch[rows].select(said + " ").to_series()
    flag = pl.repeat(None, batch.height, dtype=pl.String, eager=True).scatter(rows, names)
    blanked = batch.with_columns(
        pl.when(~is_broken).then(pl.col(field)).alias(field) for field, is_broken in broken.items()
    )
    return blanked.with_columns(flag.alias(INVALID))
