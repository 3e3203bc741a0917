"""What changed between two releases, and why: parts add up to the difference exactly, and nothing is unexplained."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.campaign import examples
from tests.fixtures.warehouse import APRIL, ask
from tests.references import history as slow
from warehouse.comparison.statistics import create_macros
from warehouse.disclosure.parts import inside_files
from warehouse.history.comparing import compare, rows
from warehouse.history.keeping import TABLES, keep
from warehouse.history.predecessor import Said, known
from warehouse.history.revisions import changes, compare_shown
from warehouse.history.versions import FIRST, Changes, Offer, changed, next_version
from warehouse.models import read_sql
from warehouse.promised import Promise
from warehouse.staging import insert_rows

MAY, JUNE, JULY = date(2025, 5, 1), date(2025, 6, 1), date(2025, 7, 1)
MONTHS = [APRIL, MAY, JUNE, JULY]
# Measure: kind, over time.
MEASURES = {
    "COUNT": ("count", "flow"),
    "SHARE": ("share", "flow"),
    "RATE": ("rate", "flow"),
    "OPEN": ("count", "stock"),
    "OPEN_SHARE": ("share", "stock"),
}
files = st.tuples(
    st.sampled_from(["first", "second"]), st.sampled_from(["r1", "r2"]), st.sampled_from(["", "erased-1"])
)
counts = st.tuples(st.integers(0, 9), st.integers(0, 9))


@st.composite
def releases(draw: st.DrawFn) -> slow.SlowRelease:
    """A release of up to three providers: which files there are, and any figures of those who submitted a month."""
    held = draw(
        st.dictionaries(st.tuples(st.sampled_from(["RA", "RB", "RC"]), st.sampled_from(MONTHS)), files, min_size=1)
    )
    places = {provider: provider for provider, _ in held}
    if "RC" in places and draw(st.booleans()):
        places["RC"] = "RB"
    figures = {}
    for organisation, month in sorted({(places[provider], month) for provider, month in held}):
        for measure, (kind, _) in MEASURES.items():
            numerator, more = draw(counts)
            figures[organisation, month, measure] = (numerator, None if kind == "count" else numerator + more)
    return slow.SlowRelease(held, places, draw(st.sampled_from("12")), draw(st.sampled_from("ab")), figures)


def periods(release: slow.SlowRelease) -> dict[tuple[str, date], list[date]]:
    """Months from the first to the last of the data, and the quarter if all of it is there."""
    months = sorted({month for _, month in release.files})
    span = [month for month in MONTHS if months[0] <= month <= months[-1]]
    found = {("month", month): [month] for month in span}
    return found | ({("quarter", APRIL): MONTHS[:3]} if set(MONTHS[:3]) <= set(span) else {})


def written(con: duckdb.DuckDBPyConnection, catalog: str, release: slow.SlowRelease) -> None:
    """The tables of a release that comparing reads, as the warehouse would have them."""
    con.execute(
        f"CREATE SCHEMA {catalog}.mart; CREATE SCHEMA {catalog}.core; CREATE SCHEMA {catalog}.ref; CREATE SCHEMA {catalog}.meta;"
        f"CREATE TABLE {catalog}.mart.service_measure (level VARCHAR, organisation VARCHAR, period_type VARCHAR, "
        "period_start DATE, pathway VARCHAR, measure VARCHAR, numerator BIGINT, denominator BIGINT, "
        "quantile DECIMAL(15, 1), state VARCHAR);"
        f"CREATE TABLE {catalog}.mart.measure (measure VARCHAR, kind VARCHAR, over_time VARCHAR);"
        f"CREATE TABLE {catalog}.core.submission (submission_id VARCHAR, provider VARCHAR, month DATE, records BIGINT, "
        "made_with VARCHAR);"
        f"CREATE TABLE {catalog}.ref.provider_place (provider VARCHAR, current_provider VARCHAR);"
        f"CREATE TABLE {catalog}.ref.period (period_type VARCHAR, period_start DATE, last_month DATE);"
        f"CREATE TABLE {catalog}.ref.period_month (period_type VARCHAR, period_start DATE, month DATE);"
        f"CREATE TABLE {catalog}.meta.build (release_id VARCHAR, last_month DATE, reference_data VARCHAR, built_with VARCHAR)"
    )

    def insert(table: str, values: list[tuple[Any, ...]]) -> None:
        insert_rows(con, f"{catalog}.{table}", values)

    spans = periods(release)
    insert("mart.measure", [(name, *kinds) for name, kinds in MEASURES.items()])
    insert("ref.period", [(*key, months[-1]) for key, months in spans.items()])
    insert("ref.period_month", [(*key, month) for key, months in spans.items() for month in months])
    insert("ref.provider_place", list(release.places.items()))
    insert("core.submission", [
        (f"{provider}-{month}-{file}", provider, month, 1, " ".join(filter(None, (rules, erased, "key"))))
        for (provider, month), (file, rules, erased) in release.files.items()
    ])  # fmt: skip
    insert("meta.build", [("a release", release.last_month(), release.reference, f"{release.code} ref key")])
    insert("mart.service_measure", [
        ("provider", org, "month", month, "all", measure, n, d, None, "value")
        for (org, month, measure), (n, d) in release.figures.items()
    ])  # fmt: skip
    england = []
    for (kind, start), months in spans.items():
        for measure, (_, over_time) in MEASURES.items():
            found = release.england(measure, months if over_time == "flow" else months[-1:])
            row = ("England", "ENG", kind, start, "all", measure, *(found or (None, None)), None)
            england.append((*row, "value" if found else "not submitted"))
    insert("mart.service_measure", england)


@pytest.fixture(scope="module")
def beside_each_other() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the macros of mart, for any number of examples: making them takes half a second."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA mart")
        create_macros(con)
        yield con


@settings(max_examples=examples(12), deadline=None)
@given(before=releases(), after=releases())
def test_parts_are_those_of_the_slow_reference_and_add_up_exactly(
    beside_each_other: duckdb.DuckDBPyConnection, before: slow.SlowRelease, after: slow.SlowRelease
) -> None:
    with beside_each_other.cursor() as con:
        con.execute("DETACH DATABASE IF EXISTS before; DETACH DATABASE IF EXISTS after")
        con.execute("ATTACH ':memory:' AS before; ATTACH ':memory:' AS after")
        written(con, "before", before)
        written(con, "after", after)
        compare(con, "after")
        found = {
            (each["period_type"], each["period_start"], each["measure"]): each for each in changes(con)["england"]
        }
        causes = {(each["organisation"], each["period_start"]): each["cause"] for each in rows(
            con, "FROM moved WHERE level = 'provider' AND period_type = 'month'"
        )}  # fmt: skip
    for cell, said in causes.items():
        assert said == slow.cause(before, after, *cell), cell
    both = periods(before).keys() & periods(after).keys()
    for measure, (kind, over_time) in MEASURES.items():
        for period in both:
            months = periods(after)[period] if over_time == "flow" else periods(after)[period][-1:]
            then, now = before.england(measure, months), after.england(measure, months)
            key = (*period, measure)
            assert (key in found) == (then != now), key
            if then != now:
                holds(found[key], then or (0, 0), now or (0, 0), slow.parts(before, after, measure, months), kind)


def holds(
    told: Mapping[str, Any], then: slow.Counts, now: slow.Counts, parts: Mapping[str, tuple[int, int]], kind: str
) -> None:
    """What is told of one figure: the parts of the reference, whose sums are the differences."""
    own = {part["cause"]: (part["numerator"], part["denominator"] or 0) for part in told["parts"]}
    assert own == parts
    assert sum(n for n, _ in own.values()) == now[0] - then[0]
    assert sum(d for _, d in own.values()) == (now[1] or 0) - (then[1] or 0)
    values = [told[side]["value"] for side in ("before", "after")]
    if None in values:
        assert all(part["value"] is None for part in told["parts"])
        return
    assert sum(part["value"] for part in told["parts"]) == pytest.approx(values[1] - values[0], abs=1e-9)
    if kind == "share":  # the formula itself leaves nothing, in exact arithmetic
        v, w, d, e = Fraction(then[0], then[1] or 1), Fraction(now[0], now[1] or 1), then[1] or 0, now[1] or 0
        each = [(n - (v + w) / 2 * m) / Fraction(d + e, 2) for n, m in parts.values()]
        assert sum(each) == w - v


def told(folder: Path, name: str = "changes.json") -> dict[str, Any]:
    return dict(json.loads((folder / name).read_text(encoding="utf-8")))


class Line:
    """Releases one after the other, each with the tables that history reads and fills, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.current = folder, None

    def release(self, name: str, release: slow.SlowRelease, shown: int | None = None) -> Path:
        """``shown`` is what schema public has of England's COUNT in April."""
        place = self.folder / name
        place.mkdir()
        with duckdb.connect(str(place / "parity.duckdb")) as con:
            ((catalog,),) = con.execute("SELECT current_database()").fetchall()
            written(con, catalog, release)
            create_macros(con)
            con.execute("CREATE SCHEMA public; ALTER TABLE meta.build ADD COLUMN first_month DATE")
            con.execute(
                "ALTER TABLE meta.build ADD COLUMN submissions BIGINT; UPDATE meta.build SET first_month = ?",
                [APRIL],
            )
            for model in (*TABLES, "public.revision"):
                con.execute(read_sql(model))
            con.execute(
                "CREATE TABLE meta.columns (schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR, position INTEGER, is_key BOOLEAN);"
                "CREATE TABLE public.service_measure AS SELECT 'submitted' AS source, 'England' AS level, 'ENG' AS organisation, "
                "'month' AS period_type, ?::DATE AS period_start, 'all' AS pathway, 'COUNT' AS measure, ?::BIGINT AS numerator, "
                "NULL::BIGINT AS denominator, ?::DOUBLE AS value, ? AS state",
                [APRIL, shown, shown, "suppressed" if shown is None else "value"],
            )
            con.execute("CREATE TABLE public.organisation AS SELECT 'England' AS level, 'ENG' AS organisation")
            con.execute("CREATE TABLE public.measure AS SELECT measure FROM mart.measure")
            for name_of in "grain", "date_column", "numerator", "denominator", "weight", "pathways":
                con.execute(f"ALTER TABLE mart.measure ADD COLUMN {name_of} VARCHAR")
            at = datetime.fromisoformat("2025-07-01T09:00:00")
            keep(con, place, name, Said(self.folder, self.current, at, {"etr.csv": release.reference}))
            con.execute(f"ATTACH '{place / 'parity-public.duckdb'}' AS shown; CREATE SCHEMA shown.public")
            for table in ("service_measure", "revision"):
                con.execute(f"CREATE TABLE shown.public.{table} AS FROM public.{table}")
        self.current = name
        return place


def april(
    *organisations: str, more: Mapping[tuple[str, date], str] | None = None, **counts: int
) -> slow.SlowRelease:
    """A release with April of some providers, each with a count, and other files (``more``)."""
    held = {(org, APRIL): ("first", "r1", "") for org in organisations} | {
        place: (file, "r1", "") for place, file in (more or {}).items()
    }
    figures = {(org, month, "COUNT"): (counts.get(org, 1), None) for org, month in held}
    return slow.SlowRelease(held, {org: org for org, _ in held}, "1", "a", figures)


# The figure of a month in each release of the line.
SINCE = """
    SELECT l.release_id, r.numerator FROM meta.release AS l
    ASOF LEFT JOIN (
        SELECT p.position, v.numerator FROM {schema}.revision AS v INNER JOIN meta.release AS p USING ({named})
        WHERE v.organisation = '{of}' AND v.pathway = 'all' AND v.measure = 'COUNT' AND v.period_start = DATE '2025-04-01'
    ) AS r ON l.position >= r.position ORDER BY l.position
"""


def since(folder: Path, of: str, schema: str = "meta") -> list[tuple[Any, ...]]:
    return ask(
        folder / "parity.duckdb",
        SINCE.format(schema=schema, of=of, named="release_id" if schema == "meta" else "position"),
    )


def test_releases_know_their_order_what_changed_and_each_figure_since(tmp_path: Path) -> None:
    line = Line(tmp_path)
    first = line.release("2025-04-a", april("RA", "RB"), 22)
    second = line.release("2025-04-b", april("RA", "RB", more={("RB", APRIL): "second"}, RB=5), 26)
    third = line.release(
        "2025-05-c", april("RA", "RB", "RC", more={("RB", APRIL): "second", ("RA", MAY): "first"}, RB=5, RA=3), 29
    )
    said = [(each["release"]["release_id"], each["release"]["position"], each["release"]["version"], each["predecessor"])
            for each in known(tmp_path)]  # fmt: skip
    assert said == [
        ("2025-04-a", 1, "1.0.0", None),
        ("2025-04-b", 2, "1.0.1", "2025-04-a"),
        ("2025-05-c", 3, "1.0.2", "2025-04-b"),
    ]
    assert told(first)["not_compared"] == "it is the first release"
    assert [(each["provider"], each["cause"]) for each in told(second)["submissions"]] == [("RB", "resubmission")]
    assert told(second)["reference_files_changed"] == []
    (april_of,) = [each for each in told(third)["england"] if each["period_start"] == "2025-04-01"]
    assert {(part["cause"], part["numerator"], *part["organisations"]) for part in april_of["parts"]} == {
        ("late data", 1, "RC"), ("another month: new month", 2, "RA"),  # what only the file of May says of April
    }  # fmt: skip
    assert since(third, "ENG") == [("2025-04-a", 2), ("2025-04-b", 6), ("2025-05-c", 9)]
    assert since(third, "RB") == [("2025-04-a", 1), ("2025-04-b", 5), ("2025-05-c", 5)]
    assert since(third, "RC") == [("2025-04-a", None), ("2025-04-b", None), ("2025-05-c", 1)]
    assert since(third, "ENG", "public") == [("2025-04-a", 22), ("2025-04-b", 26), ("2025-05-c", 29)]
    public = told(third, "public.changes.json")
    assert {(each["provider"], each["month"], each["change"]) for each in public["submissions"]} == {
        ("RA", "2025-05", "new month"), ("RC", "2025-04", "late data"),
    }  # fmt: skip
    (shown,) = public["england"]
    assert (shown["before"]["value"], shown["after"]["value"]) == (26, 29)
    # Nobody is told of ids, rows or parts: those are exact.
    assert not {"parts", "records_before", "submission_before"} & set(re.findall(r'"(\w+)":', json.dumps(public)))


def test_after_an_erasure_no_exact_figure_of_before_is_kept(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release("2025-04-a", april("RA", RA=3), 23)
    line.release("2025-04-b", april("RA", RA=4, more={("RA", APRIL): "second"}), 24)
    erased = april("RA", "RB", RA=3)
    erased.files["RA", APRIL] = ("second", "r1", "erased-1")
    third = line.release("2025-04-c", erased, 25)
    said = told(third)
    assert "erased" in said["not_compared"] and (said["england"], said["providers"]) == ([], [])
    assert ask(third / "parity.duckdb", "SELECT count(*) FROM meta.revision") == [(0,)]
    assert ask(third / "parity.duckdb", "SELECT provider, records_before, records_after FROM meta.submission_change ORDER BY ALL") == [
        ("RA", None, None), ("RB", None, 1),
    ]  # fmt: skip
    changed = {each["provider"]: each["change"] for each in told(third, "public.changes.json")["submissions"]}
    assert changed == {"RA": "processed again", "RB": "late data"}
    # The next release is compared with this one, and its revisions begin with it.
    erased.figures["RB", APRIL, "COUNT"], erased.files["RB", APRIL] = (9, None), ("second", "r1", "")
    fourth = line.release("2025-04-d", erased, 32)
    assert since(fourth, "ENG") == [("2025-04-a", None), ("2025-04-b", None), ("2025-04-c", 4), ("2025-04-d", 12)]
    assert since(fourth, "ENG", "public") == [
        ("2025-04-a", 23),
        ("2025-04-b", 24),
        ("2025-04-c", 25),
        ("2025-04-d", 32),
    ]


def test_a_release_whose_predecessor_lost_its_exact_figures_says_so(tmp_path: Path) -> None:
    """As `parity prune` and `parity erase` leave it. The order and the public figures stay."""
    line = Line(tmp_path)
    first = line.release("2025-04-a", april("RA"), 21)
    for file in inside_files(first):
        file.unlink()
    line.current = None
    second = line.release("2025-04-b", april("RA", "RB"), 22)
    said = told(second)
    assert said["not_compared"] == "the exact figures of the release before were removed"
    assert (said["release"]["position"], said["release"]["version"], said["predecessor"]) == (
        2,
        "1.0.1",
        "2025-04-a",
    )
    assert since(second, "ENG", "public") == [("2025-04-a", 21), ("2025-04-b", 22)]


def test_a_release_of_an_earlier_version_is_the_first_of_the_line(tmp_path: Path) -> None:
    """It says nothing of itself, and may lack what comparing reads."""
    line = Line(tmp_path)
    first = line.release("2025-04-a", april("RA"))
    for name in ("changes.json", "public.changes.json"):
        (first / name).unlink()
    with duckdb.connect(str(first / "parity.duckdb")) as con:
        con.execute("DROP TABLE meta.release; ALTER TABLE mart.service_measure DROP quantile")
    second = line.release("2025-04-b", april("RA", "RB"))
    assert told(second)["not_compared"] == "the release before was made by an earlier version of Parity"
    assert ask(second / "parity.duckdb", "SELECT release_id, position, version FROM meta.release ORDER BY ALL") == [
        ("2025-04-a", 1, None), ("2025-04-b", 2, "1.0.0"),
    ]  # fmt: skip
    assert told(line.release("2025-04-c", april("RA")))["not_compared"] is None


VALUE = Promise("figure", "value", "DOUBLE", False, "", "1.0", "The value.")
KEY = Promise("figure", "provider", "VARCHAR", True, "", "1.0", "Its code.")
OFFER = Offer((Promise("figure", "", "", False, "", "1.0", "Figures."), KEY, VALUE), {"REFERRALS": "1"})


def with_value(**changed_to: object) -> Offer:
    return replace(OFFER, promises=(*OFFER.promises[:2], replace(VALUE, **changed_to)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "version", "because"),
    [
        (OFFER, "1.4.8", "only figures changed"),
        (replace(OFFER, promises=OFFER.promises[:2]), "2.0.0", "v1.figure.value is gone"),
        (with_value(data_type="BIGINT"), "2.0.0",
         "v1.figure.value was DOUBLE [no unit], not part of the key and is BIGINT [no unit], not part of the key"),
        (with_value(is_key=True), "2.0.0",
         "v1.figure.value was DOUBLE [no unit], not part of the key and is DOUBLE [no unit], part of the key"),
        (with_value(description="What it is worth."), "1.5.0", "v1.figure.value is described in other words"),
        (replace(OFFER, promises=(*OFFER.promises, replace(VALUE, column_name="note"))), "1.5.0", "v1.figure.note is new"),
        (replace(OFFER, measures={}), "2.0.0", "measure REFERRALS is gone"),
        (replace(OFFER, measures={"REFERRALS": "1", "WAIT": "2"}), "1.5.0", "measure WAIT is new"),
        (replace(OFFER, measures={"REFERRALS": "2"}), "1.5.0", "measure REFERRALS is defined anew"),
        (replace(OFFER, promises=OFFER.promises[:2], measures={"WAIT": "2"}), "2.0.0",
         "v1.figure.value is gone; measure REFERRALS is gone"),
    ],
)  # fmt: skip
def test_the_version_follows_from_what_was_promised(after: Offer, version: str, because: str) -> None:
    assert next_version("1.4.7", changed(OFFER, after)) == (version, because)
    assert Offer.from_json(json.loads(json.dumps(after.as_json()))) == after


def test_the_first_version_and_many_reasons() -> None:
    assert next_version(None, Changes())[0] == FIRST
    assert next_version("1.9.0", Changes((), tuple("abcdefg"))) == ("1.10.0", "a; b; c; d; e; and 2 more")


def test_what_should_not_have_been_shown_is_not_shown_again() -> None:
    """Releases of before gave averages whose state is suppressed: they are no figures that were revised."""
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS shown_before")
        for catalog, value in (("shown_before.", 12.0), ("", None)):
            con.execute(
                f"CREATE SCHEMA {catalog}public; CREATE TABLE {catalog}public.service_measure AS SELECT "
                "'submitted' AS source, 'England' AS level, 'ENG' AS organisation, 'month' AS period_type, "
                "DATE '2025-04-01' AS period_start, 'all' AS pathway, unnest(['MEAN', 'OTHER']) AS measure, "
                "NULL::BIGINT AS numerator, NULL::BIGINT AS denominator, unnest([?::DOUBLE, ?::DOUBLE]) AS value, "
                "unnest(['suppressed', 'value']) AS state",
                [value, value],
            )
        compare_shown(con)
        assert con.execute("SELECT measure, value_before, value_after FROM shown").fetchall() == [
            ("OTHER", 12.0, None)
        ]
