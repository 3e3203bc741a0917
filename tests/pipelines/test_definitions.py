"""The definitions as they were read last: a change of the graph is a change that somebody reads."""

import csv
from pathlib import Path

import dagster as dg
import duckdb

from pipelines import assets
from pipelines.assets import column_lineage
from pipelines.assets.column_lineage import FILE, written
from pipelines.assets.warehouse import table_specs
from pipelines.definitions import defs
from tests.campaign import is_whole
from tests.definitions import DEFINITIONS, TYPES, said, types
from tests.fixtures.small_release import small_release
from warehouse.dependencies import made_of
from warehouse.models import models_of
from warehouse.order import reads


def test_the_page_of_definitions_is_what_the_definitions_say() -> None:
    assert DEFINITIONS.read_text("utf-8") == said(defs), "run `python -m tests.definitions` and read the difference"


def test_every_column_has_the_type_that_it_has_in_a_built_file() -> None:
    with duckdb.connect(str(small_release().draft), read_only=True) as con:
        found = types(con)
    assert TYPES.read_text("utf-8") == found, "run `python -m tests.definitions` and read the difference"
    shown = {
        (spec.key.path[0], spec.key.path[1], column.name, column.type)
        for schema in ("core", "mart")
        for spec in table_specs(schema)
        for column in spec.metadata["dagster/column_schema"].columns
    }
    assert shown == {tuple(row.values()) for row in csv.DictReader(found.splitlines())}


def test_every_column_says_what_it_is_reckoned_from_as_its_model_does() -> None:
    """In a sample those of core: reading the SQL of all marts takes 2 s."""
    kept = (Path(assets.__path__[0]) / FILE).read_text("utf-8")
    schemas = ("core", "mart") if is_whole() else ("core",)
    mine = [line for line in kept.splitlines(keepends=True) if line.startswith(("table,", *schemas))]
    assert "".join(mine) == written(schemas), f"run `python -m {column_lineage.__name__}` and read the difference"
    specs = {spec.key: spec for schema in ("core", "mart") for spec in table_specs(schema)}
    columns = {
        key: {each.name for each in spec.metadata["dagster/column_schema"].columns} for key, spec in specs.items()
    }
    shown = {key: spec.metadata.get("dagster/column_lineage") for key, spec in specs.items()}
    assert sum(each is not None for each in shown.values()) > 50
    for key, lineage in shown.items():
        for column, of in lineage.deps_by_column.items() if lineage else ():
            assert column in columns[key]
            for each in of:
                assert each.asset_key == dg.AssetKey("pseudonymised") or each.column_name in columns[each.asset_key]
    # By hand: of one that is submitted, one that is reckoned, and one that Python makes.
    contact, pathway = shown[dg.AssetKey(["core", "contact"])], shown[dg.AssetKey(["core", "pathway"])]
    assert contact is not None and pathway is not None
    assert [(d.asset_key.to_user_string(), d.column_name) for d in contact.deps_by_column["contact_on"]] == [
        ("pseudonymised", "ids201.carecontdate")
    ]
    assert {(d.asset_key.to_user_string(), d.column_name) for d in pathway.deps_by_column[
        "wait_to_first_treatment_days"
    ]} == {("core/contact", "contact_on"), ("pseudonymised", "ids101.referralrequestreceiveddate")}  # fmt: skip
    assert shown[dg.AssetKey(["mart", "payment"])] is None


def test_a_table_is_made_of_what_its_sql_reads() -> None:
    for name in (*models_of("core"), *models_of("mart")):
        direct = {each for each in reads(name) if each.startswith(("core.", "mart."))}
        assert direct <= made_of(name), name
        assert name not in made_of(name), name
    assert made_of("mart.funnel") == {"mart.provider_figure"}
    # through a step (work.*), and of staged rows alone
    assert {"core.contact", "core.staff_therapy"} < made_of("core.activity")
    assert made_of("core.session_plan") == {"staged.SMI203"}
    # made by Python: what the queries beside it read
    assert made_of("mart.payment") == {"mart.service_measure", "mart.breakdown_measure", "mart.submission_coverage"}


def test_few_marts_are_made_of_few_core_tables() -> None:
    """Every mart once depended on every core table: 1,550 edges, of which the SQL knows a sixth."""
    edges = [key for spec in table_specs("mart") for key in spec.deps if key.asset_key.path[0] == "core"]
    assert 0 < len(edges) < 300
