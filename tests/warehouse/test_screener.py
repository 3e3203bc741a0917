"""The screener: a clean release passes, and each fault planted in a public file is found at its place."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.fixtures.public_release import made_release, release_copied
from tests.fixtures.warehouse import SECRET
from warehouse import release
from warehouse.disclosure.identifiers import identifiers
from warehouse.disclosure.screened_pages import screen_pages
from warehouse.disclosure.screened_tables import screen_schema
from warehouse.disclosure.screener import screen
from warehouse.release import publish
from warehouse.release_folder import ReleaseError

PERSON = "999 000 0018"  # of the range that is never issued
MONTH = "open_data/parity_month_apr_2025_activity_performance.csv"
ENGLAND = "2025-04-01,2025-04-30,England,all,all SubICBs,all,all Providers,"
PROVIDER = "2025-04-01,2025-04-30,Provider,all,all SubICBs,RXX,RXX,"

Fault = Callable[[Path], None]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(made_release() / "parity.duckdb"), read_only=True) as con:
        yield con


@pytest.fixture
def handed_out(tmp_path: Path) -> Path:
    """A folder with the open data of the release, free to be spoilt; other files are put in by their test."""
    shutil.copytree(made_release() / "open_data", tmp_path / "open_data")
    for path in (tmp_path / "open_data").iterdir():
        path.chmod(0o644)
    return tmp_path


def test_a_clean_release_has_no_problem(con: duckdb.DuckDBPyConnection) -> None:
    assert screen(made_release(), con) == []


def text(name: str, old: str, new: str) -> Fault:
    """Replace the first ``old`` by ``new`` in one file of the release."""

    def plant(folder: Path) -> None:
        found = (made_release() / name).read_text("utf-8")
        assert old in found
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(found.replace(old, new, 1), encoding="utf-8")

    return plant


def sql(name: str, statement: str) -> Fault:
    """Change the rows of one Parquet file, or one file of DuckDB, by SQL on its table ``t``."""

    def plant(folder: Path) -> None:
        source, target = made_release() / name, folder / name
        if name.endswith(".duckdb"):
            shutil.copyfile(source, target)
            with duckdb.connect(str(target)) as con:
                con.execute(statement)
            return
        with duckdb.connect() as con:
            con.execute(f"CREATE TABLE t AS FROM '{source}'")
            con.execute(statement)
            con.execute(f"COPY t TO '{target}' (FORMAT parquet)")

    return plant


def described(name: str, note: str) -> Fault:
    """Write one Parquet file anew with a note among what it says of itself."""

    def plant(folder: Path) -> None:
        with duckdb.connect() as con:
            con.execute(
                f"COPY (FROM '{made_release() / name}') TO '{folder / name}' (FORMAT parquet, KV_METADATA {{note: '{note}'}})"
            )

    return plant


def written(name: str, content: str) -> Fault:
    def plant(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")

    return plant


def unlinked(name: str) -> Fault:
    return lambda folder: (folder / name).unlink()


def linked(folder: Path) -> None:
    (folder / "public.measure.csv").symlink_to(made_release() / "mart.measure.csv")


COUNT = "M001,Count_ReferralsReceived,"
FAULTS: dict[str, tuple[Fault, str]] = {
    # Open data
    "a count is another": (text(MONTH, f"{ENGLAND}{COUNT}8", f"{ENGLAND}{COUNT}9"), "1 rows are not those of"),
    "a row is missing": (text(MONTH, f"{PROVIDER}M048", f"{ENGLAND}M048"), "1 figures are there twice"),
    "a row twice": (text(MONTH, PROVIDER, f"{PROVIDER}{COUNT}45\n{PROVIDER}"), "1 figures are there twice"),
    "a suppressed count as a number": (text(MONTH, f"RZZ,RZZ,{COUNT}*", f"RZZ,RZZ,{COUNT}3"), "a count under 5"),
    "a suppressed count as zero": (text(MONTH, ",*", ",0"), "1 rows are not those of"),
    "a mark of another kind": (text(MONTH, ",*", ",<5"), "a value that is no number and no mark"),
    "no mark at all": (text(MONTH, ",*", ","), "no value"),
    "an unknown measure": (text(MONTH, f"{ENGLAND}M001", f"{ENGLAND}M999"), "1 rows have an unknown measure"),
    "another name of a measure": (text(MONTH, "Count_Recovery", "Count_Recovered"), "an unknown measure"),
    "an unknown provider": (text(MONTH, PROVIDER, PROVIDER.replace("RXX", "RQQ")), "an unknown provider"),
    "another provider's name": (text(MONTH, "RXX,RXX", "RXX,RYY"), "an unknown provider"),
    "an unknown level": (text(MONTH, ",England,", ",Wales,"), "an unknown GROUP_TYPE"),
    "a place in a provider's row": (
        text(MONTH, PROVIDER, PROVIDER.replace("all,all SubICBs", "InvalidCode,InvalidCode")),
        "a place where all are meant",
    ),
    "another period": (text(MONTH, "2025-04-01,2025-04-30", "2025-05-01,2025-05-31"), "another period than the file's"),
    "a day": (text(MONTH, "2025-04-01,2025-04-30", "2025-04-17,2025-04-17"), "another period than the file's"),
    "an NHS number as a name": (text(MONTH, "RXX,RXX", f"RXX,{PERSON}"), "a value has an NHS number"),
    "a column more": (text(MONTH, "MEASURE_VALUE_SUPPRESSED", "MEASURE_VALUE_SUPPRESSED,EXACT"), "NHS England's layout"),
    "columns in another order": (text(MONTH, "ORG_CODE1,ORG_NAME1", "ORG_NAME1,ORG_CODE1"), "NHS England's layout"),
    "a file that ends early": (text(MONTH, "Count_ReferralsReceived,", '"Count_ReferralsReceived,'), "cannot be read"),
    "a month that is missing": (unlinked(MONTH), f"{MONTH}: the file is missing"),
    "a month that is not there": (
        written("open_data/parity_month_may_2025_activity_performance.csv", "x"), "no such period and pathway"
    ),
    "a measure is described otherwise": (
        text("open_data/measures.csv", "Referrals received in the month", "Every referral"), "open_data/measures.csv: "
    ),
    # CSV and Parquet of the public tables
    "an exact count in a CSV file": (
        text("public.national.csv", "submitted,month,2025-04-01,all,REFERRALS,8", "submitted,month,2025-04-01,all,REFERRALS,9"),
        "public.national.csv: 1 rows are not those of the checked table, and 1 of its rows are missing (first: 2025-04-01, "
        "all, REFERRALS)",
    ),
    "a column of a CSV file more": (text("public.measure.csv", "position,", "exact,position,"), "1 columns that are not declared"),
    "a column of a CSV file less": (text("public.measure.csv", "position,", ""), "no column position"),
    "a postcode as a title": (text("public.measure.csv", "Referrals received", "SW1A 2AA"), "a value has a postcode"),
    "rows of a Parquet file twice": (sql("public.national.parquet", "INSERT INTO t FROM t LIMIT 2"), "2 rows are not those"),
    "rows of a Parquet file missing": (sql("public.organisation.parquet", "DELETE FROM t WHERE organisation = 'RXX'"), "1 of its rows are missing (first: RXX)"),
    "a pseudonym in a Parquet file": (
        sql("public.organisation.parquet", "UPDATE t SET name = '01c9d2a4-9f9f-9f9f-9f9f-9f9f9f9f9f9f' WHERE organisation = 'RXX'"),
        "a value has a pseudonym",
    ),
    "an NHS number as a count": (
        sql("public.national.parquet", "UPDATE t SET numerator = 9990000018 WHERE measure = 'REFERRALS'"),
        "column numerator: a number is too large for a count",
    ),
    "a column of another name": (sql("public.organisation.parquet", "ALTER TABLE t RENAME name TO surname"), "no column name"),
    "an exact table under a public name": (
        lambda folder: Path(shutil.copyfile(made_release() / "mart.national.csv", folder / "public.national.csv")) and None,
        "public.national.csv: it has",
    ),
    "a table that is not public": (written("public.person.csv", "person\n1\n"), "the public schema has no such table"),
    # The DuckDB file
    "an exact table in the file": (sql("parity-public.duckdb", "CREATE TABLE public.person (a INT)"), "1 tables are not those"),
    "a view in the file": (sql("parity-public.duckdb", "CREATE VIEW public.v AS SELECT 1"), "1 views are not promised"),
    "a macro in the file": (sql("parity-public.duckdb", "CREATE MACRO public.m() AS 1"), "it has 1 functions"),
    "a table of the file is missing": (sql("parity-public.duckdb", "DROP TABLE public.national"), "public.national: the table is missing"),
    "a figure of the file is another": (
        sql("parity-public.duckdb", "UPDATE public.national SET numerator = 77 WHERE measure = 'REFERRALS'"),
        "parity-public.duckdb, public.national: ",
    ),
    "a comment on the file": (
        sql("parity-public.duckdb", "COMMENT ON TABLE public.national IS 'ask j.smith@example.org'"), "a comment has an e-mail address"
    ),
    "more than a name in the file": (
        sql("parity-public.duckdb", "ALTER TABLE meta.build ADD COLUMN secret VARCHAR"), "it says more than the name"
    ),
    "what was deleted from the file": (
        sql(
            "parity-public.duckdb",
            "CREATE TABLE public.x AS SELECT md5(CAST(i AS VARCHAR)) AS a FROM range(50000) AS t (i); CHECKPOINT; "
            "CREATE TABLE public.y AS SELECT 1 AS a; CHECKPOINT; DROP TABLE public.x; DROP TABLE public.y; CHECKPOINT",
        ),
        "what was deleted may still be in them",
    ),
    "a name in the description of a Parquet file": (
        described("public.organisation.parquet", f"seen by {PERSON}"),
        "public.organisation.parquet: its description has an NHS number",
    ),
    # Other files
    "a file nobody knows": (written("notes.txt", "x"), "notes.txt: a release has no such file"),
    "an exact export beside the others": (written("core.person.csv", "x"), "core.person.csv: a release has no such file"),
    "a kind of file that is not read": (written("public.report.xlsx", "x"), "nothing checks a file with the ending"),
    "a link": (linked, "public.measure.csv: a link, not a file"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_its_place_is_said(
    fault: str, handed_out: Path, con: duckdb.DuckDBPyConnection
) -> None:
    plant, said = FAULTS[fault]
    plant(handed_out)
    problems = screen(handed_out, con)
    assert any(said in problem for problem in problems), problems
    assert PERSON not in str(problems) and "9990000018" not in str(problems)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE public.national SET state = 'hidden' WHERE measure = 'REFERRALS'", "an unknown state"),
        ("UPDATE public.service_measure SET pathway = '99' WHERE level = 'England'", "an unknown pathway"),
        ("UPDATE public.service_measure SET measure = 'X' WHERE measure = 'REFERRALS'", "an unknown measure"),
        (
            "UPDATE public.service_measure SET organisation = 'RQQ' WHERE organisation = 'RXX'",
            "an unknown organisation",
        ),
        ("UPDATE public.national SET period_type = 'week'", "an unknown period type"),
        (
            "UPDATE public.national SET period_type = 'financial year', period_start = '2025-05-01'",
            "begin in April",
        ),
        ("UPDATE public.service_measure SET value = 1 WHERE state = 'suppressed'", "a value that its state denies"),
        ("UPDATE public.national SET value = NULL", "the state value and no value"),
        ("UPDATE public.service_measure SET numerator = 4 WHERE measure = 'RECOVERY'", "a count under 5"),
        (
            "UPDATE public.service_measure SET numerator = 500 WHERE measure = 'RECOVERY'",
            "more counted than there are",
        ),
        (
            "UPDATE public.service_measure SET value = 0.1 WHERE measure = 'RECOVERY'",
            "a share that is not its counts",
        ),
        ("UPDATE public.organisation SET name = 'Jo, born 17.03.1984'", "column name: a value has a day"),
    ],
)
def test_a_schema_with_unknown_codes_or_wrong_marks_is_not_handed_out(
    tmp_path: Path, statement: str, said: str
) -> None:
    database = Path(shutil.copyfile(made_release() / "parity.duckdb", tmp_path / "changed.duckdb"))
    with duckdb.connect(str(database)) as con:
        con.execute(statement)
        assert any(said in problem for problem in screen_schema(con))


def test_england_is_the_sum_of_its_providers_within_the_errors(tmp_path: Path) -> None:
    database = Path(shutil.copyfile(made_release() / "parity.duckdb", tmp_path / "changed.duckdb"))
    with duckdb.connect(str(database)) as con:
        shown = "UPDATE public.service_measure SET state = 'value', numerator = {}, value = {} WHERE measure = 'REFERRALS' AND {}"
        con.execute(shown.format(30, 30, "level = 'provider'"))
        con.execute(shown.format(120, 120, "level = 'England'"))
        assert not list(screen_schema(con))
        con.execute(shown.format(200, 200, "level = 'England'"))
        assert "counts of England are not the sum" in " ".join(screen_schema(con))


def test_a_release_whose_files_differ_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault between the check of the draft and the files: nothing appears, and the message says where."""

    def write(_: Path, target: Path) -> None:
        shutil.copyfile(made_release() / "parity-public.duckdb", target)
        with duckdb.connect(str(target)) as con:
            con.execute("UPDATE public.national SET numerator = numerator + 1")

    draft = made_release().parents[1] / "draft.duckdb"
    monkeypatch.setattr(release, "write_public", write)
    with pytest.raises(
        ReleaseError, match=r"its public files have problems: .*parity-public\.duckdb, public\.national: "
    ):
        publish(draft, tmp_path / "releases", "2025-04-bbbbbbbb", tmp_path / "latest.duckdb", {}, SECRET)
    assert not (tmp_path / "releases" / "2025-04-bbbbbbbb").exists() and not (tmp_path / "latest.duckdb").exists()


def test_json_is_searched_by_place(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    release = release_copied(tmp_path)
    clean = {
        "title": "Figures",
        "created": "2025-06-17T10:00:00Z",
        "resources": [{"name": "national", "hash": "0" * 64}],
    }
    (release / "public.json").write_text(json.dumps(clean))
    assert screen(release, con) == []
    clean["resources"] = [{"note": f"see {PERSON}", "rows": 9990000018}]
    (release / "public.json").write_text(json.dumps(clean))
    assert screen(release, con) == [
        "public.json, at note: an NHS number", "public.json, at rows: a number is too large for a count"
    ]  # fmt: skip


OF = 'data-org="ENG" data-measure="RECOVERY" data-period="2025-04-01" data-pathway="all"'
PAGE = """<!doctype html><html lang="en-GB"><head><style>p {{ width: 10px }}</style></head><body>
<p title="{title}">{text} <data value="{raw}" {of} data-column="numerator">{said} people</data></p>
<svg {of}><title>Recovery</title><g data-value="{rate}" data-column="value"><path d="M10 5ZM20"/><text>49 %</text></g>
<g data-value="{low}" data-column="lower_95"/></svg>{more}</body></html>"""


def page(con: duckdb.DuckDBPyConnection, **changed: str) -> str:
    """A page with the public figures of recovery in England, except what is changed."""
    ((n, d, value),) = con.execute(
        "SELECT numerator, denominator, value FROM public.service_measure WHERE level = 'England' "
        "AND measure = 'RECOVERY' AND pathway = 'all' AND period_type = 'month'"
    ).fetchall()
    ((low,),) = con.execute("SELECT mart.wilson_low(?, ?, mart.z_95())", [n, d]).fetchall()
    said = {
        "title": "Recovery",
        "text": "Of 61,",
        "raw": str(n),
        "said": str(n),
        "rate": repr(value),
        "low": repr(low),
    }
    return PAGE.format(**{**said, "of": OF, "more": "", **changed})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, None),
        ({"raw": "44"}, "1 numbers are not those of the public schema (first: service_measure, numerator, RECOVERY, ENG"),
        ({"raw": ""}, "1 numbers are not those"),
        ({"rate": "0.49"}, "first: service_measure, value, RECOVERY"),
        ({"low": "0.3"}, "first: service_measure, lower_95, RECOVERY"),
        ({"of": OF.replace("ENG", "RXX")}, "3 numbers are not those"),
        ({"of": OF.replace("2025-04-01", "2025-05-01")}, "3 numbers are not those"),
        ({"of": OF.replace('data-measure="RECOVERY"', "")}, "3 numbers are not those"),
        ({"of": f'{OF} data-table="person"'}, "3 numbers are not those of the public schema (first: person, "),
        ({"of": f'{OF} data-table="x; DROP"'}, "(first: ?, "),
        ({"of": f'{OF} data-level="region"'}, "3 numbers are not those"),
        ({"text": f"Of {PERSON},"}, "a text has an NHS number"),
        ({"text": "<b>On</b> 17 March 2025"}, "a text has a day"),
        ({"text": "Published on 17 May 2025"}, None),
        ({"title": "SW1A 2AA"}, "a text has a postcode"),
        ({"said": "jo@example.org"}, "a text has an e-mail address"),
        ({"text": "&#57;99&nbsp;000&nbsp;0018"}, "a text has an NHS number"),
        ({"more": "<img src='https://example.org/a.png'>"}, "it loads something from elsewhere"),
        ({"more": "<script>const a = '999 000 0018';</script>"}, "a text has an NHS number"),
        ({"more": "<!-- 999 000 0018 -->"}, "a text has an NHS number"),
        ({"more": f'<p><data value="7" {OF} data-column="derived">7</data> left</p>'}, "1 numbers are not those"),
        ({"more": '<data value="7" data-column="numerator">7</data>'}, "1 numbers are not those"),
        ({"more": "<data value='7'>7</data>"}, "1 numbers are not those"),
    ],
)  # fmt: skip
def test_a_page_is_read_back(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, changed: dict[str, str], said: str | None
) -> None:
    (tmp_path / "x.html").write_text(page(con, **changed), encoding="utf-8")
    found = list(screen_pages([("pages/x.html", tmp_path / "x.html")], con))
    assert all(each.startswith("pages/x.html: ") for each in found)
    assert found == [] if said is None else any(said in each for each in found), found


def test_pages_are_screened_with_the_release(handed_out: Path, con: duckdb.DuckDBPyConnection) -> None:
    (handed_out / "pages" / "service").mkdir(parents=True)
    (handed_out / "pages" / "index.html").write_text(page(con), encoding="utf-8")
    assert screen(handed_out, con) == []
    (handed_out / "pages" / "service" / "RXX.html").write_text(page(con, raw="44"), encoding="utf-8")
    (handed_out / "pages" / "page.js").write_text("1", encoding="utf-8")
    assert [each.partition(":")[0] for each in screen(handed_out, con)] == [
        "pages/service/RXX.html",
        "pages/page.js",
    ]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (PERSON, "an NHS number"), ("9990000018", "an NHS number"), ("n:999-000-0018.", "an NHS number"),
        ("999\u00a0000\u00a00018", "an NHS number"), ("９９９００００018", "an NHS number"),
        ("999\u200b0000\u200b018", "an NHS number"), ("999–000–0018", "an NHS number"),
        ("of M1 1AE, since May", "a postcode"), ("sw1a2aa", "a postcode"), ("EC1A 1BB", "a postcode"),
        ("born 1984-03-17", "a day"), ("17/03/1984", "a day"), ("17.3.84", "a day"), ("17th March 1984", "a day"),
        ("March 17, 1984", "a day"), ("19840317", "a day"), ("1960-01-01", "a day"), ("2025-04-17T10:00:00", "a day"),
        ("1984-03-17ab34cd", "a day"), ("2025-04-17ab34c", "a day"), ("1984-03-17ab34cd5", "a day"),
        ("100012345678", "a property number (UPRN)"), ("07700 900123", "a telephone number"),
        ("+44 7700 900123", "a telephone number"), ("jo@example.nhs.uk", "an e-mail address"),
        ("QQ 12 34 56 C", None), ("AB 12 34 56 C", "a National Insurance number"),
        ("01c9d2a4-9f9f-9f9f-9f9f-9f9f9f9f9f9f", "a pseudonym"), ("person 8c9f9f9f-9f9f-9f9f-9f9f-9f9f9f9f9f9f!", "a pseudonym"),
        # What figures and their descriptions are full of
        ("RW501", None), ("ZS1|RXX", None), ("0.7540983606557377", None), ("9990000019", None), ("2025-04-30", None),
        ("2025-04-9fddff2a", None), ("release 2026-03-12ab34cd", None),
        ("1 April 2025", None), ("NHS Data Dictionary, June 2026", None), ("18 weeks, 75 %", None), ("M001 M192", None),
        ("F20 to F29", None), ("ReQoL-10", None), ("0" * 64, None), ("financial year 2025-26", None), (None, None),
    ],
)  # fmt: skip
def test_what_points_at_a_person_is_told_by_its_form(value: str | None, what: str | None) -> None:
    assert list(identifiers(value or "")) == ([what] if what else [])
