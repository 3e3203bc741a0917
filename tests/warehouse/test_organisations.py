"""Place and time: reference files imported completely or not at all, successors followed by date, nothing lost in a join."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demonstration.geography import is_made_up, placed, write_reference
from demonstration.sites import service
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE
from pipelines.zones import zones
from tests.fixtures.tariff import TRIAL, tariff_text
from tests.fixtures.warehouse import APRIL, FEW, REQOL10, Case, ask, build, one_of_each, tables_of, write_submission
from warehouse.inputs import present
from warehouse.organisations.importing import ReferenceRefused, reference_digest, take_reference
from warehouse.organisations.places import Places, load_organisations, load_periods, load_places
from warehouse.staging import insert_rows

REAL = Path(__file__).parents[3] / "shared" / "domain" / "published" / "providers.parquet"
MAY = date(2025, 5, 1)


def ods(text: str) -> str:
    """Lines in ODS layout from ``code | name | region | icb | opened | closed | parent``."""
    lines = []
    for line in text.strip().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        code, name, region, icb, opened, closed, parent = cells + [""] * (7 - len(cells))
        row = [
            code,
            name,
            region,
            icb,
            "1 High Street",
            "",
            "",
            "Town",
            "",
            "AB1 2CD",
            opened,
            closed,
            "",
            "",
            parent,
        ]
        lines.append(",".join(row + [""] * 12))
    return "\n".join(lines) + "\n"


TRUSTS = ods("""
    RAA | ALPHA TRUST | Y62 | QAA | 20010401
    RBB | BETA TRUST  | Y62 | QAA | 20010401 | 20250430
    RCC | GAMMA TRUST | Y56 | QBB | 20010401
""")
PLACES = {
    "etr": TRUSTS,
    "ets": ods("RAA01 | ALPHA HOUSE | | | 20100101 | | RAA"),
    "eccg": ods("""
        01A | NORTH SUB-ICB | Y62 | QAA | 20130401
        01B | SOUTH SUB-ICB | Y56 | QBB | 20130401
    """),
    "eauth": ods("""
        Y62 | NORTH WEST | Y62 | | 20130401
        Y56 | LONDON | Y56 | | 20130401
        QAA | NORTH ICB | Y62 | | 20220701
        QBB | SOUTH ICB | Y56 | | 20220701
        W | WELSH REGION | W00 | | 19740401
    """),
    "succ": "RBB,RAA,R,20250501,\n01C,01A,R,20250501,\nA81001,A81002,R,20250501,\n",
}  # fmt: skip


def folder(root: Path, **changed: str | None) -> Path:
    """A folder with the reference files above, some changed or left out."""
    root.mkdir(parents=True, exist_ok=True)
    for stem, text in (PLACES | changed).items():
        if text is not None:
            (root / f"{stem}.csv").write_text(text, encoding="utf-8")
    return root


NONE_OF_OURS = {
    "deprivation": 0, "population": 0, "process_change": 0, "earlier_deprivation": 0, "site_location": 0, "tariff": 0,
    "target": 0,
}  # fmt: skip


def rows(out: Path, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        return con.execute(f"SELECT {columns} FROM read_parquet('{out / table}.parquet') ORDER BY ALL").fetchall()


def test_ods_files_become_tidy_dated_tables_without_addresses(tmp_path: Path) -> None:
    taken = take_reference(folder(tmp_path / "in"), tmp_path / "out")
    assert taken.rows == {"organisation": 10, "succession": 2, **NONE_OF_OURS}
    assert taken.is_new
    assert rows(tmp_path / "out", "organisation")[3:7] == [
        ("QBB", "SOUTH ICB", "ICB", date(2022, 7, 1), None, None, None, "Y56"),
        ("RAA", "ALPHA TRUST", "provider", date(2001, 4, 1), None, None, "QAA", "Y62"),
        ("RAA01", "ALPHA HOUSE", "site", date(2010, 1, 1), None, "RAA", None, None),
        ("RBB", "BETA TRUST", "provider", date(2001, 4, 1), date(2025, 4, 30), None, "QAA", "Y62"),
    ]
    assert rows(tmp_path / "out", "succession") == [
        ("01C", "01A", date(2025, 5, 1)),  # 01C is in no file, its successor is: somebody may still submit it
        ("RBB", "RAA", date(2025, 5, 1)),
    ]
    assert taken.notes == [
        "eauth.csv: 1 rows left out, neither region nor ICB.",
        "1 successions left out: neither organisation is in the files.",
    ]
    source = json.loads((tmp_path / "out" / "source.json").read_text())
    assert set(source) == {f"{stem}.csv" for stem in PLACES}
    assert all(len(one["sha256"]) == 64 and date.fromisoformat(one["date"]) for one in source.values())


PEOPLE = "organisation,breakdown,breakdown_group,as_of,persons,source,confidence\n"
EARLIER = "postcode_district,as_of,decile,source,confidence\n"
SITES = "organisation,postcode,latitude,longitude,valid_from,source,confidence\n"
CHANGED = "provider,month,reason,pathway,measure\n"
TARGETS = "organisation,series,due,target,source,confidence\n"
WRONG: list[tuple[dict[str, str | None], str]] = [
    ({"target": "organisation,series,due\n"}, r"target.csv, line 1: .*"),
    *(({name: ""}, rf"{name}.csv: the file is empty. Fill it, or leave it out")
      for name in ("target", "population", "process_change", "deprivation", "etr", "succ")),
    *(({name: header}, rf"{name}.csv: no line follows the names of the columns")
      for name, header in (("target", TARGETS), ("population", PEOPLE), ("process_change", CHANGED), ("site_location", SITES),
                           ("earlier_deprivation", EARLIER))),
    ({"target": TARGETS.replace(",", ";") + "RAA;access;2027-03;9;plan;F\n"},
     r"target.csv, line 1: the columns are separated by semicolons, and must be separated by commas; save [^;]*Windows to a comma\.$"),
    ({"target": TARGETS + "RAA,access,0000-01,9,plan,F\n"}, r"line 2: '0000-01' in due is not a month such as 2027-03"),
    ({"target": TARGETS + 'RAA,access,2027-03,9,"a plan\nof two lines",F\nRAA,access,2027-13,9,plan,F\n'}, r"target.csv, line 4: '2027-13'"),
    ({"process_change": CHANGED + "RAA,0000-10,moved,,\n"}, r"'0000-10' is not a month such as 2025-10"),
    ({"target": TARGETS + "RAA,access,31/03/2027,9,plan,F\n"}, r"line 2: '31/03/2027' in due is not a month such as 2027-03"),
    ({"target": TARGETS + "RAA,access,2027-13,9,plan,F\n"}, r"'2027-13' in due is not a month"),
    ({"target": TARGETS + "RAA,access,2027-03,9.5,plan,F\n"}, r"'9.5' in target is not a whole number"),
    ({"target": TARGETS + 'RAA,access,2027-03,"1,900",plan,F\n'}, r"'1,900' in target is not a whole number"),
    ({"target": TARGETS + "RAA,recovery,2027-03,9,plan,F\n"}, r"'recovery' is not a series with targets: access, "),
    ({"target": TARGETS + "raa,access,2027-03,9,plan,F\n"}, r"'raa' is not an ODS code"),
    ({"target": TARGETS + "RXX,access,2027-03,9,plan,F\n"}, r"target.csv: RXX is in none of the files of organisations"),
    ({"target": TARGETS + "RAA,access,2027-03,9,,F\n"}, r"source is empty"),
    ({"target": TARGETS + "RAA,access,2027-03,9,plan,sure\n"}, r"confidence is F"),
    ({"target": TARGETS + "RAA,access,2027-03,9,plan,F\nRAA,access,2027-03,8,plan,F\n"},
     r"line 3: RAA has a target of access for 2027-03 on an earlier line; keep one of them"),
    ({"etr": ods("raa | X")}, r"etr.csv, line 1: 'raa' is not an ODS code"),
    ({"etr": ods("1E+10 | X")}, r"line 1: '1E\+10' is not an ODS code .* kept as text"),
    ({"etr": ods("RAA")}, r"line 1: RAA has no name"),
    ({"etr": ods("RAA | X | | | 01/04/2001")}, r"'01/04/2001' in column 11 is not a date as yyyymmdd"),
    ({"etr": ods("RAA | X | | | 20010431")}, r"'20010431' in column 11"),
    ({"etr": ods("RAA | X | | | 20250501 | 20250430")}, r"RAA closed on 2025-04-30, before it opened"),
    ({"etr": TRUSTS + ods("RAA | OTHER")}, r"line 4: RAA is on an earlier line with other content"),
    ({"etr": "RAA,ALPHA\n"}, r"line 1: 2 columns; the layout has 27"),
    ({"etr": "Organisation Code,Name" + "," * 25 + "\n"}, r"line 1: 'Organisation Code' is not an ODS code"),
    ({"etr": 'RAA,"ALPHA\n'}, r"etr.csv: this is not CSV"),
    ({"succ": "RBB,RAA,R,,\n"}, r"succ.csv, line 1: RBB became RAA on no date"),
    ({"succ": "RBB,RBB,R,20250501,\n"}, r"RBB is its own successor"),
    ({"succ": "RAA,RBB,R,20250501,\nRBB,RCC,R,20250501,\nRCC,RAA,R,20250501,\n"},
     r"successors go round in a circle on 2025-05-01: RAA → RBB → RCC → RAA"),
    ({"deprivation": "LA1,11\n"}, r"deprivation.csv, line 1: '11' is not a decile"),
    ({"deprivation": "postcode_district,decile\nLA1 4YW,3\n"}, r"line 2: 'LA1 4YW' is not a postcode district"),
    ({"deprivation": "LA1,3\nLA1,4\n"}, r"line 2: LA1 is on an earlier line with another decile"),
    ({"population": "ENG,gender,male,2021-03-21,7,ONS,F\n"}, r"population.csv, line 1: the first line names the columns"),
    ({"population": PEOPLE + "england,gender,male,2021-03-21,7,ONS,F\n"}, r"line 2: 'england' is not an ODS code"),
    ({"population": PEOPLE + "ENG,question,1,2021-03-21,7,ONS,F\n"}, r"'question' is not a breakdown into groups of peo"),
    ({"population": PEOPLE + "ENG,gender,men,2021-03-21,7,ONS,F\n"}, r"'men' is not a group of gender"),
    ({"population": PEOPLE + "ENG,gender,male,,7,ONS,F\n"}, r"line 2: as_of has no date"),
    ({"population": PEOPLE + "ENG,gender,male,2021,7,ONS,F\n"}, r"'2021' in as_of is not a date"),
    ({"population": PEOPLE + "ENG,gender,male,2021-03-21,7.5,ONS,F\n"}, r"'7.5' in persons is not a whole number"),
    ({"population": PEOPLE + "ENG,gender,male,2021-03-21,7,,F\n"}, r"source is empty"),
    ({"population": PEOPLE + "ENG,gender,male,2021-03-21,7,ONS,X\n"}, r"confidence is F .* or R"),
    ({"population": PEOPLE + "ENG,gender,male,2021-03-21,7,ONS,F\nENG,gender,male,2021-03-21,8,ONS,F\n"},
     r"line 3: ENG, gender male is on an earlier line"),
    ({"earlier_deprivation": EARLIER + "LA1,2015-12-31,0,ONS,F\n"}, r"earlier_deprivation.csv, line 2: '0' is not a deci"),
    ({"earlier_deprivation": EARLIER + "LA1,,3,ONS,F\n"}, r"as_of has no date"),
    ({"earlier_deprivation": EARLIER + "LA1,2015-12-31,3,,F\n"}, r"source is empty"),
    ({"earlier_deprivation": EARLIER + "LA1,2015-12-31,3,a,F\nLA1,2015-12-31,4,a,F\n"}, r"LA1 is on an earlier line"),
    ({"tariff": "price\n"}, r"tariff.csv, line 1: 'price' is no column of a tariff; the columns are tariff, valid_from"),
    ({"tariff": tariff_text(TRIAL[:-1])}, r"tariff.csv, line 2: the weights add up to 0.6 and must add up to 1"),
    ({"site_location": SITES + "RAA,LA14RP,54.0,-2.8,,ONS,F\n"}, r"site_location.csv, line 2: 'LA14RP' is not a postcode"),
    ({"site_location": SITES + "RAA,LA1 4RP,north,-2.8,,ONS,F\n"}, r"'north' in latitude is not a number of degrees"),
    ({"site_location": SITES + "RAA,LA1 4RP,54.0,-2.8,2020,ONS,F\n"}, r"'2020' in valid_from is not a date"),
    ({"site_location": SITES + "RAA,LA1 4RP,54,-2.8,,ONS,X\n"}, r"confidence is F .* or R"),
    ({"site_location": SITES + "RAA,LA1 4RP,54,-2,,a,F\nRAA,LA1 4RP,55,-2,,a,F\n"}, r"RAA with this postcode is on an ear"),
    ({"process_change": CHANGED + "raa,2025-10,moved,,\n"}, r"process_change.csv, line 2: 'raa' is not an ODS code"),
    ({"process_change": CHANGED + "RAA,2025-13,moved,,\n"}, r"'2025-13' is not a month such as 2025-10"),
    ({"process_change": CHANGED + "RAA,2025-10,,,\n"}, r"reason is empty"),
    ({"process_change": CHANGED + "RAA,2025-10,moved,99,\n"}, r"'99' is not a pathway"),
    ({"process_change": CHANGED + "RAA,2025-10,moved,,LUCK\n"}, r"'LUCK' is not a measure"),
    ({"process_change": CHANGED + "RAA,2025-10,moved,,\nRAA,2025-10,merged,,\n"}, r"RAA in 2025-10 is on an earlier line"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "said"), WRONG)
def test_a_file_that_is_not_sound_is_refused_in_words_and_changes_nothing(
    tmp_path: Path, changed: dict[str, str | None], said: str
) -> None:
    out = tmp_path / "out"
    take_reference(folder(tmp_path / "before"), out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(ReferenceRefused, match=said):
        take_reference(folder(tmp_path / "in", **changed), out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_populations_and_changes_of_process_are_taken_in_whole(tmp_path: Path) -> None:
    people = PEOPLE + "ENG,gender,male,2021-03-21,7,ONS,F\n01A,gender,male,20210321,3,ONS,R\n"
    changes = "month,provider,measure,pathway,reason\n2025-10,RAA,RECOVERY,all,moved\n2025-05,all,,,version 2.1\n"
    taken = take_reference(folder(tmp_path / "in", population=people, process_change=changes), tmp_path / "out")
    assert (taken.rows["population"], taken.rows["process_change"]) == (2, 2)
    census = date(2021, 3, 21)
    assert rows(tmp_path / "out", "population") == [
        ("01A", "gender", "male", census, 3, "ONS", "R"),
        ("ENG", "gender", "male", census, 7, "ONS", "F"),
    ]
    assert rows(tmp_path / "out", "process_change") == [
        ("RAA", date(2025, 10, 1), "all", "RECOVERY", "moved"),
        ("all", MAY, None, None, "version 2.1"),
    ]
    con = core([("RAA", "A")], [], tmp_path / "out", [APRIL])
    assert con.execute("SELECT count(*) FROM ref.process_change").fetchall() == [(2,)]


def test_earlier_deprivation_and_places_of_sites_are_taken_in_and_no_figure_uses_them(tmp_path: Path) -> None:
    earlier = EARLIER + "LA1,2015-12-31,3,ONS,F\nLA1,20101231,4,ONS,R\n"
    sites = SITES + "RAA,LA1 4RP,54.04,-2.8,2020-01-01,ODS,F\nRAA,LA1 4RQ,54.05,-2.81,,ODS,F\n"
    out = taken(tmp_path, deprivation="LA1,7\n", earlier_deprivation=earlier, site_location=sites)
    con = core([("RAA", "A")], [], out, [APRIL])
    assert con.execute("SELECT decile FROM ref.deprivation").fetchall() == [(7,)]
    assert con.execute("SELECT as_of, decile FROM ref.earlier_deprivation ORDER BY 1").fetchall() == [
        (date(2010, 12, 31), 4),
        (date(2015, 12, 31), 3),
    ]
    places = con.execute("SELECT postcode, latitude, valid_from FROM ref.site_location ORDER BY 1").fetchall()
    assert [(code, float(north), day) for code, north, day in places] == [
        ("LA1 4RP", 54.04, date(2020, 1, 1)),
        ("LA1 4RQ", 54.05, None),
    ]


def test_the_residents_of_a_merged_area_are_its_successors(tmp_path: Path) -> None:
    people = PEOPLE + "01A,gender,male,2021-03-21,3,ONS,F\n01C,gender,male,2021-03-21,4,ONS,F\n"
    out = taken(tmp_path, population=people)
    places = "SELECT organisation, current_organisation FROM ref.population ORDER BY ALL"
    before = core([("RAA", "A")], [], out, [APRIL])
    assert before.execute(places).fetchall() == [("01A", "01A"), ("01C", "01C")]
    after = core([("RAA", "A")], [], out, [APRIL, MAY])
    assert after.execute(places).fetchall() == [("01A", "01A"), ("01C", "01A")]


def test_reference_files_taken_in_before_a_table_was_known_still_load(tmp_path: Path) -> None:
    out = taken(tmp_path)
    (out / "process_change.parquet").unlink()
    con = core([("RAA", "A")], [], out, [APRIL])
    assert con.execute("SELECT count(*) FROM ref.process_change").fetchall() == [(0,)]
    assert con.execute("SELECT count(*) FROM ref.succession").fetchall() == [(2,)]


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    bad = folder(tmp_path, etr="RAA,X\nRBB,X\n", succ="RBB,RAA,R,soon,\n")
    with pytest.raises(ReferenceRefused, match=r"(?s)etr.csv, line 1.*etr.csv, line 2.*succ.csv, line 1"):
        take_reference(bad, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (folder(tmp_path) / "etr.csv").write_bytes(b"RAA,\xff\xfe\n")
    with pytest.raises(ReferenceRefused, match="not CSV in UTF-8"):
        take_reference(tmp_path, tmp_path / "out")


def test_the_same_files_again_change_nothing_and_other_files_replace_all(tmp_path: Path) -> None:
    out = tmp_path / "out"
    take_reference(folder(tmp_path / "in"), out)
    stamps = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    digest = reference_digest(out)
    assert not take_reference(folder(tmp_path / "again"), out).is_new
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == stamps
    assert take_reference(folder(tmp_path / "fewer", succ=None), out).is_new
    assert rows(out, "succession") == []
    assert reference_digest(out) != digest


def test_a_row_given_twice_counts_once(tmp_path: Path) -> None:
    succession = str(PLACES["succ"])
    taken = take_reference(folder(tmp_path, etr=TRUSTS * 2, succ=succession, succarc=succession), tmp_path / "out")
    assert taken.rows == {"organisation": 10, "succession": 2, **NONE_OF_OURS}


def test_an_organisation_split_between_two_on_one_day_is_said_and_not_followed(tmp_path: Path) -> None:
    taken = take_reference(folder(tmp_path, succ="RBB,RAA,R,20250501,\nRBB,RCC,R,20250501,\n"), tmp_path / "out")
    assert rows(tmp_path / "out", "succession") == []
    assert any("RBB was split between RAA and RCC on 2025-05-01" in note for note in taken.notes)


def test_a_tariff_for_somebody_who_is_unknown_or_was_taken_over_is_said(tmp_path: Path) -> None:
    tariff = tariff_text([{**TRIAL[0], "providers": "RAA RBB RXX"}, *TRIAL[1:]])
    taken = take_reference(folder(tmp_path, tariff=tariff), tmp_path / "out")
    assert [note for note in taken.notes if note.startswith("tariff.csv: ")] == [
        "tariff.csv: RXX in providers is in none of the files of organisations. Is the code right? A code under which "
        "nobody submits is paid nothing.",
        "tariff.csv: RBB in providers was taken over by RAA on 2025-05-01 and counts in it. Name RAA.",
    ]


def test_codes_named_and_not_explained_are_said(tmp_path: Path) -> None:
    taken = take_reference(folder(tmp_path, eauth=None, succ="RBB,RZZ,R,20250501,\n"), tmp_path / "out")
    assert taken.notes == [
        "regions named but in none of the files: Y56, Y62.",
        "ICBs named but in none of the files: QAA, QBB.",
        "successors named but in none of the files: RZZ.",
    ]


def test_a_code_that_is_site_and_provider_is_a_provider_with_all_that_is_known(tmp_path: Path) -> None:
    both = folder(tmp_path, ets=ods("RAA01 | HOUSE | | | | | RAA"), ephp=ods("RAA01 | ALPHA AT HOME | Y62"))
    take_reference(both, tmp_path / "out")
    (found,) = [row for row in rows(tmp_path / "out", "organisation") if row[0] == "RAA01"]
    assert found == ("RAA01", "ALPHA AT HOME", "provider", None, None, "RAA", None, "Y62")


@pytest.mark.skipif(not REAL.is_file(), reason="the real list of providers is not here")
def test_the_real_list_of_providers(tmp_path: Path) -> None:
    taken = take_reference(REAL, tmp_path)
    assert (taken.rows["organisation"], taken.notes) == (274, [])
    kinds = rows(tmp_path, "organisation", "kind, count(*) OVER (PARTITION BY kind)")
    assert sorted(set(kinds)) == [("ICB", 34), ("provider", 233), ("region", 7)]
    con = core([("8J766", "8J766"), ("NOBODY", "NOBODY")], ["QKS"], tmp_path, [APRIL])
    assert con.execute("FROM ref.provider_place ORDER BY provider").fetchall() == [
        ("8J766", "8J766", "8J766", "North Kent Mind", "QKS", "Y59"),
        ("NOBODY", "NOBODY", "NOBODY", "NOBODY", "unknown", "unknown"),
    ]
    assert con.execute("FROM ref.commissioner_place").fetchall() == [("QKS", "unknown", "QKS", "Y59")]


@pytest.mark.parametrize("change", ["no column", "two names", "no Parquet"])
def test_a_list_of_providers_of_another_shape_is_refused(tmp_path: Path, change: str) -> None:
    frame = pl.DataFrame(
        {
            "org_code": ["RAA", "RBB"], "org_name": ["A", "B"], "start_date": ["2001-04-01", None],
            "end_date": [None, None], "icb_code": ["QAA", "QAA"], "icb_name": ["One", "Two"],
            "region_code": ["Y62", "Y62"], "region_name": ["North", "North"],
        },
        schema_overrides={"end_date": pl.String},
    )  # fmt: skip
    path = tmp_path / "providers.parquet"
    said = {
        "no column": "no column icb_name",
        "two names": "row 2: QAA is on an earlier row",
        "no Parquet": "cannot",
    }
    (frame.drop("icb_name") if change == "no column" else frame).write_parquet(path)
    if change == "no Parquet":
        path.write_text("org_code\n")
    with pytest.raises(ReferenceRefused, match=said[change]):
        take_reference(path, tmp_path / "out")


# What a build makes of it.


def core(
    providers: Sequence[tuple[str, str]],
    commissioners: Sequence[str | None],
    reference: Path | None,
    months: Sequence[date],
    names: Mapping[str, str] | None = None,
) -> duckdb.DuckDBPyConnection:
    """A warehouse with these providers and commissioners in core, their places and periods in ref."""
    con = duckdb.connect()
    con.execute(
        "CREATE SCHEMA ref; CREATE SCHEMA core; CREATE TABLE ref.month (month DATE, last_day DATE);"
        "CREATE TABLE core.provider (provider VARCHAR, provider_name VARCHAR);"
        "CREATE TABLE core.pathway (commissioner VARCHAR); CREATE TABLE core.contact (commissioner VARCHAR)"
    )
    insert_rows(con, "core.provider", list(providers))
    insert_rows(con, "core.pathway", [(code,) for code in commissioners])
    con.execute(
        "INSERT INTO ref.month SELECT m, last_day(m) FROM (SELECT unnest(CAST(? AS DATE[])) AS m)", [list(months)]
    )
    load_organisations(con, reference, names or {})
    load_periods(con)
    load_places(con)
    return con


def taken(tmp_path: Path, **changed: str | None) -> Path:
    take_reference(folder(tmp_path / "in", **changed), tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("last", "successors", "current"),
    [
        (APRIL, "RBB,RAA,R,20250501,", "RBB"),  # not before its day: April ends on the 30th
        (APRIL, "RBB,RAA,R,20250430,", "RAA"),
        (MAY, "RBB,RAA,R,20250501,", "RAA"),
        (MAY, "RBB,RDD,R,20100401,\nRDD,RCC,R,20250501,", "RCC"),  # a chain, over a code in no file
        (MAY, "RBB,RDD,R,20250501,\nRDD,RCC,R,20250501,", "RCC"),  # a chain of one day
        (MAY, "RBB,RDD,R,20250501,\nRDD,RCC,R,20100401,", "RDD"),  # RDD's own change was before RBB joined it
        (MAY, "RBB,RAA,R,20200401,\nRBB,RCC,R,20250501,", "RCC"),  # of two the later
        (MAY, "RBB,RAA,R,20100401,\nRAA,RBB,R,20200401,", "RBB"),  # there and back again
        (MAY, "RBB,RAA,R,20250601,\nRAA,RCC,R,20250501,", "RBB"),
    ],
)
def test_successors_are_followed_by_date(tmp_path: Path, last: date, successors: str, current: str) -> None:
    con = core([("RBB", "B")], ["01A"], taken(tmp_path, succ=successors + "\n"), [APRIL, last][last == APRIL :])
    assert con.execute("SELECT current_provider FROM ref.provider_place").fetchall() == [(current,)]


def test_every_code_present_has_one_row_and_a_place(tmp_path: Path) -> None:
    con = core(
        [("RAA", "Alpha"), ("RBB", "RBB"), ("RAA01", "House"), ("RZZ", "RZZ")],
        ["01A", "01A", "01B", "01C", "QAA", "Y56", "VPP00", "RAA", None],
        taken(tmp_path),
        [APRIL, MAY],
    )
    assert con.execute("FROM ref.provider_place ORDER BY provider").fetchall() == [
        ("RAA", "Alpha", "RAA", "ALPHA TRUST", "QAA", "Y62"),
        ("RAA01", "House", "RAA01", "ALPHA HOUSE", "QAA", "Y62"),  # a site lies where its trust lies
        ("RBB", "RBB", "RAA", "ALPHA TRUST", "QAA", "Y62"),
        ("RZZ", "RZZ", "RZZ", "RZZ", "unknown", "unknown"),
    ]
    assert con.execute("FROM ref.commissioner_place ORDER BY commissioner").fetchall() == [
        ("01A", "01A", "QAA", "Y62"),
        ("01B", "01B", "QBB", "Y56"),
        ("01C", "01A", "QAA", "Y62"),  # succeeded by 01A in May
        ("QAA", "unknown", "QAA", "Y62"),
        ("RAA", "RAA", "unknown", "unknown"),  # a provider's code is no commissioner's
        ("VPP00", "VPP00", "unknown", "unknown"),
        ("Y56", "unknown", "unknown", "Y56"),
    ]


def test_an_icb_is_in_one_region_even_if_its_members_disagree(tmp_path: Path) -> None:
    moved = ods("01A | NORTH SUB-ICB | Y56 | QAA")
    con = core([("RAA", "A")], ["01A", "QAA"], taken(tmp_path, eccg=moved, succ="QAA,QBB,R,20250401,\n"), [APRIL])
    assert con.execute("SELECT DISTINCT icb, region FROM ref.commissioner_place").fetchall() == [("QBB", "Y56")]
    assert con.execute("SELECT icb, region FROM ref.provider_place").fetchall() == [("QBB", "Y56")]


def test_without_reference_files_every_code_is_itself(tmp_path: Path) -> None:
    con = core([("RAA", "RAA")], ["01A"], None, [APRIL], {"RAA": "Alpha"})
    assert con.execute("FROM ref.provider_place").fetchall() == [
        ("RAA", "RAA", "RAA", "Alpha", "unknown", "unknown")
    ]
    assert con.execute("FROM ref.commissioner_place").fetchall() == [("01A", "01A", "unknown", "unknown")]
    assert con.execute("SELECT count(*) FROM ref.deprivation").fetchall() == [(0,)]


CODES = st.sampled_from(["RAA", "RBB", "RCC", "RDD", "REE"])
STEPS = st.dictionaries(st.tuples(CODES, st.dates(date(2025, 1, 1), date(2025, 6, 1))), CODES, max_size=8)


@given(STEPS, CODES)
def test_following_agrees_with_going_day_by_day(steps: dict[tuple[str, date], str], code: str) -> None:
    one_a_day = {day: (old, new) for (old, day), new in sorted(steps.items()) if old != new}
    successors: dict[str, list[tuple[date, str]]] = {}
    for day, (old, new) in one_a_day.items():
        successors.setdefault(old, []).append((day, new))
    seen = [code]
    for day in sorted(one_a_day):  # the slow way: a code is whatever it was the day before, until that changes
        if one_a_day[day][0] == seen[-1] and day <= date(2025, 5, 31):
            seen.append(one_a_day[day][1])
    found = Places({}, successors, date(2025, 5, 31)).current(code)
    if all(len(each) == 1 for each in successors.values()):
        assert found == seen[-1]
    assert found in {code, *(new for _, new in one_a_day.values())}


def test_periods_are_those_all_of_whose_months_are_there(tmp_path: Path) -> None:
    months = [date(2024 + number // 12, number % 12 + 1, 1) for number in range(1, 17)]  # February 2024 to May 2025
    con = core([("RAA", "A")], [], None, months)
    found = con.execute("FROM ref.period ORDER BY ALL").fetchall()
    assert [row for row in found if row[0] == "quarter"] == [
        ("quarter", date(2024, 4, 1), date(2024, 6, 1), 3),
        ("quarter", date(2024, 7, 1), date(2024, 9, 1), 3),
        ("quarter", date(2024, 10, 1), date(2024, 12, 1), 3),
        ("quarter", date(2025, 1, 1), date(2025, 3, 1), 3),
    ]
    assert [row for row in found if row[0] == "financial year"] == [
        ("financial year", date(2024, 4, 1), date(2025, 3, 1), 12)
    ]
    rolling = [row[1] for row in found if row[0] == "rolling 12 months"]
    assert rolling == months[:5]
    assert [row[1] for row in found if row[0] == "month"] == months
    wrong = con.execute(
        "SELECT p.period_type FROM ref.period AS p LEFT JOIN ref.period_month AS m USING (period_type, period_start) "
        "GROUP BY p.period_type, p.period_start HAVING count(DISTINCT m.month) <> max(p.months) OR min(m.month) <> max(p.period_start) "
        "OR max(m.month) <> max(p.last_month)"
    ).fetchall()
    assert wrong == []


def test_nothing_reported_has_no_periods(tmp_path: Path) -> None:
    con = core([], [], None, [])
    assert con.execute("SELECT count(*) FROM ref.period").fetchall() == [(0,)]


# The whole way.


def merged(tmp_path: Path, reference: Path | None) -> Path:
    """Two trusts in April and May, the second merged into the first on 1 May, and a third that treated nobody."""
    current = [
        write_submission(tmp_path, "RAA", APRIL, tables_of([Case("a1"), Case("a2")])),
        write_submission(tmp_path, "RBB", APRIL, tables_of([Case("b1")])),
        write_submission(tmp_path, "RBB", MAY, tables_of([Case("b1"), Case("b2")])),
        write_submission(tmp_path, "RCC", MAY, {}),
    ]
    return build(tmp_path, current, reference=reference, measures=FEW)


def test_a_merger_moves_figures_and_changes_no_total(tmp_path: Path) -> None:
    (tmp_path / "with").mkdir(), (tmp_path / "without").mkdir()
    draft, plain = merged(tmp_path / "with", taken(tmp_path)), merged(tmp_path / "without", None)
    count = "SELECT count(*), count(DISTINCT provider) FROM core.pathway"
    assert ask(draft, count) == ask(plain, count) == [(4, 2)]
    received = (
        "SELECT organisation, sum(numerator) FROM mart.service_measure WHERE measure = 'REFERRALS' "
        "AND level = ? AND period_type = 'month' AND pathway = 'all' GROUP BY organisation ORDER BY organisation"
    )
    assert ask(plain, received, ["provider"]) == [("RAA", 2), ("RBB", 2), ("RCC", 0)]
    assert ask(draft, received, ["provider"]) == [("RAA", 4), ("RCC", 0)]  # RCC treated nobody and keeps its row
    assert ask(draft, received, ["England"]) == ask(plain, received, ["England"]) == [("ENG", 4)]


def test_a_release_is_named_after_its_reference_files(tmp_path: Path) -> None:
    won = [write_submission(tmp_path, "RAA", APRIL, {})]
    empty, out = tmp_path / "none", taken(tmp_path)
    assert present(won, reference=empty) == present(won)
    assert present(won, reference=out).release_id != present(won).release_id
    take_reference(folder(tmp_path / "later", succ=None), tmp_path / "other")
    assert present(won, reference=out).release_id != present(won, reference=tmp_path / "other").release_id


def test_the_command(tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["reference", str(folder(tmp_path / "in"))]) == CLEAN
    said = capfd.readouterr().out
    assert "organisation: 10 rows" in said
    assert "parity publish" in said
    assert _run(["reference", str(tmp_path / "in"), "--json"]) == CLEAN
    assert json.loads(capfd.readouterr().out)["is_new"] is False
    assert _run(["reference", str(folder(tmp_path / "in", etr="RAA,X\n"))]) == USAGE
    assert "etr.csv, line 1: 2 columns" in capfd.readouterr().err
    (tmp_path / "empty").mkdir()
    for path in ("missing", "empty"):
        assert _run(["reference", str(tmp_path / path)]) == USAGE
    assert len(rows(zones().reference, "organisation")) == 10


def test_the_demonstration_lies_in_made_up_places(tmp_path: Path) -> None:
    services = [placed(service(index, 1)) for index in range(12)]
    write_reference(tmp_path / "in", services, APRIL)
    found = take_reference(tmp_path / "in", tmp_path / "out")
    assert found.notes == []
    assert is_made_up(tmp_path / "out")
    assert not is_made_up(tmp_path / "in")
    year = [date(2025 + number // 12, number % 12 + 1, 1) for number in range(3, 15)]
    con = core(
        [(one.code, one.name) for one in services], [one.commissioner for one in services], tmp_path / "out", year
    )
    places = con.execute("SELECT count(DISTINCT sub_icb), count(DISTINCT icb), count(DISTINCT region) "
                         "FROM ref.commissioner_place WHERE region <> 'unknown'").fetchall()  # fmt: skip
    assert places == [(5, 3, 2)]  # the sixth sub-ICB joined the fifth in October
    assert con.execute("SELECT count(*) FROM ref.provider_place WHERE icb = 'unknown'").fetchall() == [(0,)]
    above = con.execute("SELECT name FROM ref.organisation WHERE kind NOT IN ('provider')").fetchall()
    assert all(name.endswith("(made up)") for (name,) in above)


def test_no_mart_and_no_public_table_names_a_provider_that_was_merged(tmp_path: Path) -> None:
    """Scores, answers and submissions of RBB are all there, and all under RAA, which took its place on 1 May."""
    answers = {"SMI608": [{"ServiceRequestId": "b1", "QuestionCode": "747901000000107", "Answer": "4",
                           "AnswerDate": date(2025, 4, 20)}]}  # fmt: skip
    case = Case("b1", [(REQOL10, "10", "20")], 5, pathway="01")
    current = [
        write_submission(tmp_path, "RAA", APRIL, tables_of([Case("a1", [(REQOL10, "10", "30")], 5, pathway="01")])),
        write_submission(tmp_path, "RBB", APRIL, tables_of([case]) | answers),
        write_submission(tmp_path, "RAA", MAY, {}),
    ]
    draft = build(tmp_path, current, reference=taken(tmp_path), whole=True, measures=one_of_each())
    columns = ask(
        draft,
        "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() "
        "WHERE schema_name IN ('mart', 'public') AND column_name IN ('provider', 'organisation', 'current_provider') "
        "AND NOT internal",
    )
    assert len(columns) > 15
    named = {
        f"{table}.{column}"
        for table, column in columns
        if ask(draft, f"SELECT 1 FROM {table} WHERE '|' || {column} || '|' LIKE '%|RBB|%' LIMIT 1")
    }
    # Who submitted is a fact about the submission; where it counts is in the column beside it.
    assert named == {"mart.submission_punctuality.provider"}
    service = "SELECT pairs, gain_total FROM mart.instrument_change WHERE organisation = 'RAA' AND pathway = '01'"
    assert ask(draft, service + " AND period_type = 'all months'") == [(2, 30)]
    occasions = (
        "SELECT occasion, scores, total FROM mart.score_by_occasion WHERE organisation = 'RAA' AND pathway = '01'"
    )
    assert ask(draft, occasions + " ORDER BY occasion") == [(1, 2, 20), (2, 2, 50)]
    assert ask(draft, "SELECT DISTINCT answers, services FROM mart.experience") == [(1, 1)]
