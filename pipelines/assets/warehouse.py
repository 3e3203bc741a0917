"""The warehouse's assets: core, marts, release, unpartitioned and built whole.

Belongs here: thin assets over ``pipelines.publish`` and the catalogue entry of every table. Does not belong
here: models (``warehouse``).
"""

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import dagster as dg

from pipelines import publish
from pipelines.ask import release_name
from pipelines.assets.column_lineage import column_lineage
from pipelines.assets.submissions import OWNERS
from pipelines.code_version import figures_version, memory_of_this_root, release_version
from pipelines.dagster_home import POOL
from pipelines.pages import write_for_those_inside
from pipelines.publishing import longest_wait
from pipelines.resources import Draft
from warehouse import inputs
from warehouse.columns import SCHEMAS, contract
from warehouse.dependencies import made_of
from warehouse.described import Described
from warehouse.order import ordered

GROUP = "warehouse"
# In the metadata of a release: the months that it is without, since their received files are damaged; else "none".
LEFT_OUT = "left_out"
_RELEASE = dg.AssetKey("release")


def table_specs(schema: str) -> list[dg.AssetSpec]:
    """One asset per table of ``core`` or ``mart``: what it is made of, and its columns as the contract has them.

    Each comes after those it is made of: Dagster takes the results of one step in no other order.
    """
    tables: dict[str, list[Described]] = {}
    for line in contract():
        if line.schema == schema:
            tables.setdefault(f"{schema}.{line.table}", []).append(line)
    read = {table: made_of(table) for table in tables}
    return [
        dg.AssetSpec(
            name.split("."),
            deps=sorted({key for other in read[name] for key in _made_of(other, schema)}),
            group_name=GROUP,
            owners=OWNERS,
            code_version=figures_version(memory=memory_of_this_root()),
            kinds={"duckdb", "sql"},
            description=next((line.description for line in tables[name] if not line.column), None),
            metadata={"dagster/column_schema": _columns(tables[name])}
            | ({"dagster/column_lineage": column_lineage()[name]} if name in column_lineage() else {}),
        )
        for name in ordered(read)
    ]


def _made_of(name: str, schema: str) -> list[dg.AssetKey]:
    """The asset that a table which is read belongs to. What marts read of ``staged`` was counted with core."""
    of, table = name.split(".")
    if of == "staged":
        return [dg.AssetKey("pseudonymised")] if schema == "core" else []
    return [STATISTICS.key] if of == "published" else [dg.AssetKey([of, table])]


@cache
def column_types() -> dict[tuple[str, str, str], str]:
    """The type of every column of core and marts, by schema, table and column, as DuckDB has it.

    From ``types.csv``: only a built file knows them, and ``python -m tests.definitions`` writes it from one.
    """
    with (files("pipelines.assets") / "types.csv").open(encoding="utf-8") as file:
        return {(row["schema"], row["table"], row["column"]): row["type"] for row in csv.DictReader(file)}


def _columns(lines: list[Described]) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(
                line.column,
                column_types().get((line.schema, line.table, line.column), "unknown"),
                description=f"{line.description}{f' [{line.unit}]' if line.unit else ''}",
                constraints=dg.TableColumnConstraints(nullable=not line.is_key or line.may_be_null),
            )
            for line in lines
            if line.column
        ]
    )


STATISTICS = dg.AssetSpec(
    "published_statistics",
    description="NHS England's published statistics, as `parity published` imported them.",
    group_name="inputs",
    owners=OWNERS,
    kinds={"csv"},
)
_CORE, _MART = table_specs("core"), table_specs("mart")
assert {"core", "mart"} <= set(SCHEMAS)


def _results(
    specs: list[dg.AssetSpec], rows: Mapping[str, int], draft: Path
) -> Iterator[dg.MaterializeResult[None]]:
    """One result a table. All have the version of the draft's inputs, by which a release is named."""
    version = dg.DataVersion(inputs.recorded(draft).digest[:12])
    for spec in specs:
        count = rows.get(".".join(spec.key.path), 0)
        metadata = {"dagster/row_count": count}
        yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata, data_version=version)


@dg.multi_asset(specs=_CORE, pool=POOL, name="core")
def core(draft: Draft) -> Iterator[dg.MaterializeResult[None]]:
    """Pathways, contacts, scores and the rest, from the submissions that count."""
    yield from _results(_CORE, publish.build_core(draft.zones(), draft.ledger()), draft.zones().draft)


@dg.multi_asset(specs=_MART, pool=POOL, name="marts")
def marts(draft: Draft) -> Iterator[dg.MaterializeResult[None]]:
    """Measures by service, month and pathway, and services compared."""
    yield from _results(_MART, publish.build_marts(draft.zones()), draft.zones().draft)


@dg.asset(
    key=_RELEASE, deps=[spec.key for spec in _MART], group_name=GROUP, owners=OWNERS, pool=POOL,
    code_version=release_version(memory=memory_of_this_root()),
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=longest_wait()),
    kinds={"duckdb", "parquet", "csv"},
    description="One immutable release: the warehouse file, its marts as Parquet and CSV, and a manifest.",
)  # fmt: skip
def release(draft: Draft) -> dg.MaterializeResult[None]:
    """Check the draft and swap it in whole."""
    released = publish.publish(draft.zones(), draft.ledger())
    told = {name: released[name] for name in ("release", "is_new", "submissions")}
    return dg.MaterializeResult(
        metadata={**told, LEFT_OUT: ", ".join(released["left_out"]) or "none"},
        data_version=dg.DataVersion(released["release"]),
    )


@dg.asset(
    key="pages", deps=[_RELEASE], group_name=GROUP, owners=OWNERS, pool=POOL, kinds={"html"},
    description="Each service's own page and digest, and the centre's pages. The public pages are in the release.",
)  # fmt: skip
def pages(draft: Draft) -> dg.MaterializeResult[None]:
    """Write the pages for those inside."""
    zones = draft.zones()
    return dg.MaterializeResult(metadata={"files": write_for_those_inside(zones, release_name(zones))})
