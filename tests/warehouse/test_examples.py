"""Questions to start from: each can be asked, has the columns it says, and reads what is promised."""

from pathlib import Path

import duckdb
import pytest

from tests.fixtures.release import loaded_and_published
from warehouse.examples import EXAMPLES, Example
from warehouse.models import models_of
from warehouse.order import tables_in
from warehouse.rules import TABLES

# Marts that are not promised, of which no promised view has the answer.
MARTS = {"mart.payment"}
BY_TITLE = [pytest.param(example, id=example.title) for example in EXAMPLES]


@pytest.mark.parametrize("example", BY_TITLE)
def test_an_example_reads_promised_views_and_what_rules_found_alone(example: Example) -> None:
    assert tables_in(example.sql) <= {*models_of("v1"), *TABLES, *MARTS}
    assert "*" not in example.sql.replace("count(*)", "").replace("100 *", "").replace("100.0 *", "")
    assert "ORDER BY" in example.sql


def test_every_promised_view_has_an_example_and_no_title_occurs_twice() -> None:
    asked = set().union(*(tables_in(example.sql) for example in EXAMPLES))
    assert set(models_of("v1")) - asked <= {"v1.public_measure"}
    assert len({example.title for example in EXAMPLES}) == len(EXAMPLES)
    assert {example.is_public for example in EXAMPLES} == {True, False}


def test_every_example_has_the_columns_that_it_says(tmp_path: Path, home: Path, few_measures: None) -> None:
    found = loaded_and_published(tmp_path)
    with duckdb.connect(str(found.warehouse), read_only=True) as con:
        listed = con.execute("SELECT title, sql, expected_columns FROM meta.example ORDER BY position").fetchall()
        assert [title for title, _, _ in listed] == [example.title for example in EXAMPLES]
        for title, sql, expected in listed:
            columns = [column[0] for column in con.execute(sql).description or ()]
            assert ", ".join(columns) == expected, title
