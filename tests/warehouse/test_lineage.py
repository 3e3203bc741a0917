"""Lineage: from each measure to the elements that services submit, as the SQL says."""

import random
from pathlib import Path

import duckdb
import pytest
import sqlglot

from schemas.dataset import TABLES
from schemas.field import Mandation
from schemas.staged import DERIVED, MADE_OF
from schemas.tables.header import HEADER
from tests.campaign import one_of_each
from tests.fixtures.warehouse import ask, build, write_submission
from tests.references.measure_populations import Submissions, random_submissions
from warehouse import lineage_file
from warehouse.lineage import ROWS, Lineage, lineage_of
from warehouse.measures.catalogue import GRAINS, catalogue
from warehouse.measures.origins import create_lineage
from warehouse.quality_items import items

Element = tuple[str, str]
# A measure of every kind and grain, and of all that random populations have.
COUNTED = ("REFERRALS", "RECOVERY", "RELIABLE_IMPROVEMENT", "FINISHED")


@pytest.fixture(scope="module")
def lineage() -> dict[str, dict[str, set[Element]]]:
    """Measure → part → elements, as ``meta.lineage`` has them."""
    found: dict[str, dict[str, set[Element]]] = {}
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA meta")
        create_lineage(con, catalogue())
        for measure, part, table, element in con.execute(
            "SELECT measure, part, table_id, element FROM meta.lineage"
        ).fetchall():
            found.setdefault(measure, {}).setdefault(part, set()).add((table, element))
        repeated = con.execute(
            "SELECT count(*) - count(DISTINCT (measure, part, column_name, table_id, element)) FROM meta.lineage"
        ).fetchone()
    assert repeated == (0,)
    return found


def test_every_measure_reaches_an_element_and_every_element_named_exists(
    lineage: dict[str, dict[str, set[Element]]],
) -> None:
    assert lineage.keys() == {measure.id for measure in catalogue()} | {str(item[1]) for item in items()}
    named = {element for parts in lineage.values() for elements in parts.values() for element in elements}
    declared = {(table.id, field.name) for table in (*TABLES.values(), HEADER) for field in table.fields}
    assert named <= declared


def test_a_measure_has_elements_in_every_part_that_it_declares(
    lineage: dict[str, dict[str, set[Element]]],
) -> None:
    for measure in catalogue():
        assert {"date", "rows"} <= lineage[measure.id].keys(), measure.id


def test_known_measures_come_from_what_their_definition_says(lineage: dict[str, dict[str, set[Element]]]) -> None:
    referrals = set().union(*lineage["REFERRALS"].values())
    assert ("IDS101", "ReferralRequestReceivedDate") in referrals
    assert {table for table, _ in referrals} <= {"IDS001", "IDS101", "IDS603"}  # and what says the pathway
    recovered = lineage["RECOVERY"]["numerator"]
    assert {
        ("IDS606", "PersScore"), ("IDS607", "PersScore"), ("IDS606", "CodedAssToolType"), ("IDS201", "AttendOrDNACode"),
        ("IDS101", "ServDischDate"), ("IDS603", "PresComp"),
    } <= recovered  # fmt: skip
    assert not {table for table, _ in recovered} & {"IDS004", "SMI501", "IDS205"}
    age = next(m for m in catalogue() if "age_at_referral" in m.numerator + m.denominator)
    assert ("IDS001", "PersonBirthDate") in set().union(*lineage[age.id].values())


def test_an_item_of_data_quality_is_of_its_element_and_submissions_of_the_header(
    lineage: dict[str, dict[str, set[Element]]],
) -> None:
    assert lineage["IDS101.EndCode.complete"] == {
        "numerator": {("IDS101", "EndCode")},
        "denominator": {("IDS101", "ServDischDate")},
    }
    assert lineage["submission.month.complete"] == {
        "rows": {("IDS000", "OrgIDProv"), ("IDS000", "ReportingPeriodStartDate")}
    }


def test_every_derived_column_says_what_it_is_made_of() -> None:
    assert MADE_OF.keys() == {column for columns in DERIVED.values() for column in columns}


@pytest.mark.parametrize(
    ("query", "column", "origins"),
    [
        ("SELECT a AS x FROM staged.t", "x", "a"),
        ("SELECT 1 AS x FROM staged.t", "x", ""),
        ("SELECT a AS x FROM staged.t WHERE b > 0", "x", "a b"),
        ("SELECT count(*) AS x FROM staged.t WHERE b > 0 GROUP BY c", "x", "b c"),
        ("SELECT row_number() OVER (ORDER BY a) AS x FROM staged.t", "x", "a"),
        ("WITH q AS (SELECT * FROM staged.t) SELECT a AS x FROM q", "x", "a"),
        ("WITH q AS (SELECT * EXCLUDE (a), a AS z FROM staged.t) SELECT z AS x FROM q", "x", "a"),
        ("SELECT a AS x FROM staged.t UNION ALL SELECT b FROM staged.t", "x", "a b"),
        ("SELECT a AS y, y + b AS x FROM staged.t", "x", "a b"),
        ("SELECT l.name AS x FROM staged.t AS t LEFT JOIN ref.l AS l ON l.code = t.c", "x", "c"),
        ("SELECT t.a AS x FROM staged.t AS t LEFT JOIN ref.l AS l ON l.code = t.c", "x", "a"),
        ("SELECT t.a AS x FROM staged.t AS t INNER JOIN ref.l AS l ON l.code = t.c", "x", "a c"),
        ("SELECT a AS x FROM staged.t WHERE b IN (SELECT code FROM ref.l)", "x", "a b"),
        ("SELECT CASE WHEN b > 0 THEN a END AS x FROM staged.t", "x", "a b"),
        ("SELECT a AS x FROM staged.t WHERE c > 0", ROWS, "c"),
    ],
)
def test_a_column_comes_from_what_its_sql_names(query: str, column: str, origins: str) -> None:
    lineage = Lineage()
    lineage.add_table("staged.t", ["a", "b", "c"])
    lineage.add_table("ref.l", ["code", "name"])
    lineage.add_query("made.q", sqlglot.parse_one(query, read="duckdb"))  # type: ignore[arg-type]
    assert {name for _, name in lineage.origins("made.q", column) if name != ROWS} == set(origins.split())


def test_the_lineage_file_is_what_the_models_say() -> None:
    kept = (Path(lineage_file.__file__).with_name(lineage_file.FILE)).read_text("utf-8")
    assert kept == lineage_file.written(), f"run `python -m {lineage_file.__name__}`"


def test_what_is_kept_leads_to_the_same_elements() -> None:
    """In the file a column that needs all that its rows need says «the rows» instead."""
    kept = lineage_file.lineage_of_grains()
    read = lineage_of({f"{lineage_file.GRAIN}{grain}": query for grain, query in GRAINS.items()})
    of_grains = [each for each in read.edges() if each[0].startswith(lineage_file.GRAIN)]
    assert {each: kept.origins(*each) for each in of_grains} == {each: read.origins(*each) for each in of_grains}


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        lineage_file.lineage_of_grains().origins(f"{lineage_file.GRAIN}referral", "no_such_column")
    with pytest.raises(KeyError):
        lineage_of({"made.q": "SELECT received_on FROM core.pathway"}).origins("made.q", "no_such_column")


def figures(tmp: Path, submissions: Submissions) -> dict[str, list[tuple[object, ...]]]:
    """Rows of every measure of COUNTED, over these submissions."""
    won = [write_submission(tmp, provider, month, tables) for (provider, month), tables in submissions.items()]
    rows: dict[str, list[tuple[object, ...]]] = {}
    draft = build(tmp, won, measures=COUNTED)
    for measure, *row in ask(draft, "SELECT measure, * EXCLUDE (measure) FROM mart.service_measure ORDER BY ALL"):
        rows.setdefault(measure, []).append(tuple(row))
    return rows


def filled(submissions: Submissions) -> list[Element]:
    """Elements that some record has and none must have: blank ones are accepted."""
    found = {
        (table, name)
        for tables in submissions.values()
        for table, rows in tables.items()
        for row in rows
        for name, value in row.items()
        if value is not None
    }
    return sorted(
        (table, name)
        for table, name in found
        if name in TABLES[table].by_name and TABLES[table].by_name[name].mandation != Mandation.MANDATORY
        and name not in TABLES[table].key
    )  # fmt: skip


POPULATION = random_submissions(random.Random(7), referrals=12)
# The sample is of the complaint: it decides the pathway, and so which measures apply.
BLANKED = one_of_each(
    "elements blanked",
    sorted(filled(POPULATION), key=lambda element: element != ("IDS603", "PresComp")),
    kind=lambda _: True,
)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[object, ...]]]:
    return figures(tmp_path_factory.mktemp("before"), POPULATION)


@pytest.mark.parametrize("blanked", BLANKED, ids=".".join)
def test_a_measure_changes_only_with_elements_of_its_lineage(
    blanked: Element,
    before: dict[str, list[tuple[object, ...]]],
    lineage: dict[str, dict[str, set[Element]]],
    tmp_path: Path,
) -> None:
    table, element = blanked
    without = {
        slot: {
            name: [{**row, element: None} if name == table else row for row in rows]
            for name, rows in tables.items()
        }
        for slot, tables in POPULATION.items()
    }
    after = figures(tmp_path, without)
    changed = {measure for measure in before if before[measure] != after[measure]}
    assert {m for m in changed if blanked not in set().union(*lineage[m].values())} == set()
