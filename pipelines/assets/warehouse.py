"""The warehouse's assets: core, marts, release, unpartitioned and built whole.

Belongs here: thin assets over ``pipelines.publish`` and the catalogue entry of every table. Does not belong
here: models (``warehouse``).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from pipelines import publish
from pipelines.ask import release_name
from pipelines.assets.submissions import OWNERS
from pipelines.pages import write_for_those_inside
from pipelines.resources import Parity
from warehouse.columns import SCHEMAS, contract
from warehouse.described import Described

GROUP, POOL = "warehouse", "warehouse"
_RELEASE = dg.AssetKey("release")


def table_specs(schema: str, deps: list[Any]) -> list[dg.AssetSpec]:
    """One asset per table of a schema of the warehouse, with its columns as the contract describes them."""
    tables: dict[str, list[Described]] = {}
    for line in contract():
        if line.schema == schema:
            tables.setdefault(line.table, []).append(line)
    return [
        dg.AssetSpec(
            [schema, table],
            deps=deps,
            group_name=GROUP,
            owners=OWNERS,
            kinds={"duckdb", "sql"},
            description=next((line.description for line in lines if not line.column), None),
            metadata={"dagster/column_schema": _columns(lines)},
        )
        for table, lines in tables.items()
    ]


def _columns(lines: list[Described]) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(line.column, description=f"{line.description}{f' [{line.unit}]' if line.unit else ''}")
            for line in lines
            if line.column
        ]
    )


_CORE = table_specs("core", ["pseudonymised"])
_MART = table_specs("mart", [spec.key for spec in _CORE])
assert {"core", "mart"} <= set(SCHEMAS)


def _results(specs: list[dg.AssetSpec], rows: Mapping[str, int]) -> Iterator[dg.MaterializeResult[None]]:
    for spec in specs:
        count = rows.get(".".join(spec.key.path), 0)
        yield dg.MaterializeResult(asset_key=spec.key, metadata={"dagster/row_count": count})


@dg.multi_asset(specs=_CORE, pool=POOL, name="core")
def core(parity: Parity) -> Iterator[dg.MaterializeResult[None]]:
    """Pathways, contacts, scores and the rest, from the submissions that count."""
    yield from _results(_CORE, publish.build_core(parity.zones(), parity.ledger()))


@dg.multi_asset(specs=_MART, pool=POOL, name="marts")
def marts(parity: Parity) -> Iterator[dg.MaterializeResult[None]]:
    """Measures by service, month and pathway, and services compared."""
    yield from _results(_MART, publish.build_marts(parity.zones()))


@dg.asset(
    key=_RELEASE, deps=[spec.key for spec in _MART], group_name=GROUP, owners=OWNERS, pool=POOL,
    kinds={"duckdb", "parquet", "csv"},
    description="One immutable release: the warehouse file, its marts as Parquet and CSV, and a manifest.",
)  # fmt: skip
def release(parity: Parity) -> dg.MaterializeResult[None]:
    """Check the draft and swap it in whole."""
    released = publish.publish(parity.zones(), parity.ledger())
    return dg.MaterializeResult(metadata={name: released[name] for name in ("release", "is_new", "submissions")})


@dg.asset(
    key="pages", deps=[_RELEASE], group_name=GROUP, owners=OWNERS, pool=POOL, kinds={"html"},
    description="Each service's own page and digest, and the centre's pages. The public pages are in the release.",
)  # fmt: skip
def pages(parity: Parity) -> dg.MaterializeResult[None]:
    """Write the pages for those inside."""
    zones = parity.zones()
    return dg.MaterializeResult(metadata={"files": write_for_those_inside(zones, release_name(zones))})
