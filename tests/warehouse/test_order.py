"""The order of the models: the folder says the schema, the SQL says what comes first."""

import pytest

from warehouse.build import core_models
from warehouse.columns import contract
from warehouse.measures.catalogue import GRAINS
from warehouse.measures.rollup import described_figures, rolled_up
from warehouse.models import model_names, models_of, read_sql
from warehouse.order import in_order, named_in, ordered, query_of, reads, tables_in

# Catalogs that a build makes and throws away.
PASSING = {"staged", "work"}


def parts() -> dict[str, list[str]]:
    """The models of each part of a build, as it runs them."""
    rolled = list(rolled_up())
    return {
        "core": list(core_models()),
        "roll up": rolled,
        "marts": in_order(set(models_of("mart")) - set(rolled)),
        # The charts of what is shown are the models of mart once more: only their figures are a step of their own.
        "public": in_order([*models_of("public"), "work.public_charted"]),
    }


def test_every_model_makes_the_table_of_its_folder_and_name() -> None:
    for name in model_names():
        assert read_sql(name).startswith(f"-- {name}\n")


def test_a_model_comes_after_all_it_reads() -> None:
    for part in parts().values():
        for place, name in enumerate(part):
            assert (reads(name) & set(part)) <= set(part[:place]), name


def test_every_step_is_run_in_one_part_and_once() -> None:
    run = [name for part in parts().values() for name in part]
    assert len(run) == len(set(run))
    assert {name for name in run if name.startswith("work.")} == set(models_of("work"))


def test_core_and_marts_lack_no_model() -> None:
    run = {name for part in parts().values() for name in part}
    assert set(models_of("core") + models_of("mart") + models_of("monthly_count")) <= run


def test_the_order_is_the_same_however_it_is_asked_for() -> None:
    names = models_of("mart")
    assert in_order(names) == in_order(reversed(names)) == in_order(set(names))
    assert in_order([]) == []


def test_a_model_reads_only_what_is_described_or_passes() -> None:
    described = {f"{line.schema}.{line.table}" for line in (*contract(), *described_figures())}
    read = {table for name in model_names() for table in reads(name)}
    assert {table for table in read - described if table.partition(".")[0] not in PASSING} == set()


def test_the_tables_of_a_query_are_those_with_a_schema() -> None:
    query = """
        WITH ranked AS (SELECT * FROM staged.IDS101 AS r WHERE x IN (SELECT x FROM ref.code))
        SELECT core.f(1), (SELECT max(y) FROM core.person) FROM ranked LEFT JOIN work.patient USING (z)
    """
    assert tables_in(query) == {"staged.IDS101", "ref.code", "core.person", "work.patient"}
    assert tables_in("SELECT 1") == frozenset()
    with pytest.raises(ValueError, match="no query"):
        tables_in("SELECT FROM WHERE")


def test_the_pattern_finds_in_every_model_what_the_parser_of_duckdb_finds() -> None:
    for name, query in [*((name, query_of(name)) for name in model_names()), *GRAINS.items()]:
        assert named_in(query) == tables_in(query), name


def test_models_without_a_need_come_by_name_and_those_that_read_each_other_are_refused() -> None:
    assert ordered({"c": {"a"}, "b": set(), "a": {"staged.IDS101"}}) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="cycle"):
        ordered({"a": {"b"}, "b": {"a"}})
