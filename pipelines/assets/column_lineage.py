"""Which columns each column of core and marts is reckoned from, for Dagster: ``lineage.csv``.

Belongs here: the file, written by ``python -m pipelines.assets.column_lineage`` and read by the definitions. Does
not belong here: reading the SQL of models (``warehouse.lineage``), types of columns (``types.csv``).

Reading the SQL takes 2 s of processor time, which no process that knows the definitions should wait for. What
Python makes, and rows that are only counted, have no column that they are reckoned from.
"""

import csv
import io
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from pathlib import Path

import dagster as dg

from warehouse.columns import contract
from warehouse.lineage import lineage_of_tables

FILE = "lineage.csv"
# Where Dagster's graph has assets: tables of core and marts, and the rows without identifiers.
_STAGED = "staged"
_SHOWN = ("core", "mart", _STAGED)


@cache
def column_lineage() -> dict[str, dg.TableColumnLineage]:
    """The lineage of every table that has one, by ``schema.table``. A submitted element is named with its table."""
    found: dict[str, dict[str, list[dg.TableColumnDep]]] = {}
    with (files("pipelines.assets") / FILE).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["table"], {})[row["column"]] = [_dep(each) for each in row["made_of"].split()]
    return {table: dg.TableColumnLineage(deps_by_column=of) for table, of in found.items()}


def _dep(name: str) -> dg.TableColumnDep:
    schema, table, column = name.split(".")
    if schema == _STAGED:
        return dg.TableColumnDep(asset_key=dg.AssetKey("pseudonymised"), column_name=f"{table}.{column}")
    return dg.TableColumnDep(asset_key=dg.AssetKey([schema, table]), column_name=column)


def written(schemas: Collection[str] = ("core", "mart")) -> str:
    """The file as the models of today have it, or its lines of some schemas."""
    columns: dict[str, list[str]] = {}
    for line in contract():
        if line.column:
            columns.setdefault(f"{line.schema}.{line.table}", []).append(line.column)
    wanted = sorted(table for table in columns if table.partition(".")[0] in schemas)
    lineage, text = lineage_of_tables(wanted, columns), io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("table", "column", "made_of"))
    for name in wanted:
        for column in columns[name]:
            made_of = lineage.made_of(name, column, _SHOWN)
            # Keys within a batch are in no release, and no contract has them.
            shown = sorted(f"{of}.{own}" for of, own in made_of if own in columns.get(of, (own,)))
            if shown:
                table.writerow((name, column, " ".join(shown)))
    return text.getvalue()


if __name__ == "__main__":
    Path(__file__).with_name(FILE).write_text(written(), encoding="utf-8")
