"""The minimum dataset as declared: complete, consistent, and read alike by both engines."""

import re

import duckdb
import polars as pl
import pytest

from schemas.codes import code_list
from schemas.dataset import TABLES, find_table
from schemas.field import Field, Identity
from schemas.rule import Effect
from schemas.ruleset import WRITTEN
from schemas.staged import staged_schema
from schemas.table import Table
from schemas.versions import Version, What

FIELDS = [(table, field) for table in TABLES.values() for field in table.fields]
FIELD_IDS = [f"{table.id}-{field.name}" for table, field in FIELDS]


def field(table_id: str, name: str) -> Field:
    return TABLES[table_id].by_name[name]


# ---- tables -----------------------------------------------------------------------------------------------


def test_the_dataset_has_the_21_iapt_tables_and_5_of_its_own() -> None:
    assert len([name for name in TABLES if name.startswith("IDS")]) == 21
    assert {name for name in TABLES if name.startswith("SMI")} == {"SMI203", "SMI501", "SMI608", "SMI901", "SMI902"}


def test_a_table_is_found_by_id_or_published_name_in_any_case() -> None:
    assert find_table("ids101") is find_table("IDS101Referral") is TABLES["IDS101"]
    assert find_table("IDS999") is None


def test_header_patients_and_referrals_are_required() -> None:
    assert {name for name, table in TABLES.items() if table.is_required} == {"IDS000", "IDS001", "IDS101"}


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_a_published_name_begins_with_the_id(table: Table) -> None:
    assert table.name.startswith(table.id)
    assert table.name != table.id


@pytest.mark.parametrize("table", [t for t in TABLES.values() if t.parent], ids=lambda t: t.id)
def test_a_parent_is_named_by_its_key_and_comes_before_its_children(table: Table) -> None:
    assert table.parent is not None
    here, parent, there = table.parent
    assert TABLES[parent].key == (there,)
    assert here in table.by_name
    order = list(TABLES)
    assert order.index(parent) < order.index(table.id)


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_no_two_fields_of_a_table_answer_to_one_spelling(table: Table) -> None:
    spellings = [s.lower() for f in table.fields for s in (f.name, *f.aliases)]
    assert len(spellings) == len(set(spellings))


# ---- fields -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", [f for _, f in FIELDS], ids=FIELD_IDS)
def test_a_field_says_what_it_means_in_a_sentence(declared: Field) -> None:
    assert declared.meaning[0].isupper()
    assert declared.meaning[-1] in ".…"
    assert declared.title == declared.title.upper() != ""


def test_a_field_of_several_tables_is_the_same_everywhere() -> None:
    seen: dict[str, tuple[object, ...]] = {}
    for _, f in FIELDS:
        said = (f.format, f.identity, f.codes, f.pattern, f.meaning, f.title, f.aliases)
        assert seen.setdefault(f.name, said) == said, f.name


def test_an_iapt_extract_needs_nothing_that_only_iapt_smi_asks_for() -> None:
    of_smi = [d for d in Version.SMI_1_0.differences if d.what is What.ADDED and d.table.startswith("IDS")]
    added = [field(d.table, name) for d in of_smi for name in d.fields]
    assert {f.name for f in added} >= {"Pathway", "Timepoint"}
    assert not [f.name for f in added if f.mandation == "M"]


def test_mandation_follows_the_data_dictionary() -> None:
    assert field("IDS201", "IAPTLTCServiceInd").mandation == "M"
    assert field("IDS201", "AttendOrDNACode").mandation == "R"
    assert field("IDS001", "PersonBirthDate").mandation == "M"  # R in v2.0, M in v2.1
    assert field("IDS001", "EthnicCategory2021").mandation == "P"
    # One element, two mandations: who took part is required of an activity, mandatory in a qualification.
    assert field("IDS202", "CarePersLocalId").mandation == "R"
    assert field("IDS902", "CarePersLocalId").mandation == "M"


def test_a_blank_that_spoils_linkage_place_or_attendance_is_a_severe_warning() -> None:
    warned = {f.name for _, f in FIELDS if f.warn_if_blank}
    assert warned == {"NHSNumber", "Postcode", "AttendOrDNACode"}


def test_what_identifies_is_exactly_this() -> None:
    by_identity = {
        identity: {f.name for _, f in FIELDS if f.identity is identity}
        for identity in Identity
        if identity not in (Identity.KEEP, Identity.DATE)
    }
    assert by_identity == {
        Identity.PERSON: {"NHSNumber"},
        Identity.BIRTH_DATE: {"PersonBirthDate"},
        Identity.POSTCODE: {"Postcode"},
        Identity.LOCAL: {
            "LocalPatientId",
            "ServiceRequestId",
            "CareContactId",
            "CareActId",
            "CarePersLocalId",
            "IntEnabledTherProg",
            "ServiceUseId",
            "PauseID",
        },
        Identity.DROP: {"PrimSystemInUse", "GMPCodeReg", "PersDeathDate"},
    }


def test_every_element_says_what_becomes_of_it_and_none_by_default() -> None:
    with pytest.raises(TypeError, match="identity"):
        Field("Notes", "max an20", "O", "Notes.", title="NOTES")  # type: ignore[call-arg]  # the point of the test
    of_time = {
        f.name for _, f in FIELDS if f.dtype == pl.Date() or "T" in f.format.split("-")[-1] or ":" in f.format
    }
    assert of_time - {"PersonBirthDate", "PersDeathDate"} == {
        f.name for _, f in FIELDS if f.identity is Identity.DATE
    }


@pytest.mark.parametrize(
    ("written", "identity"),
    [("an10 CCYY-MM-DD", Identity.KEEP), ("an8 HH:MM:SS", Identity.KEEP), ("n10", Identity.DATE),
     ("an1", Identity.BIRTH_DATE)],
)  # fmt: skip
def test_a_day_is_declared_as_a_day_and_nothing_else_is(written: str, identity: Identity) -> None:
    with pytest.raises(ValueError, match="is not what becomes of"):
        Field("Notes", written, "O", "Notes.", identity=identity, title="NOTES")


def test_no_number_name_date_of_birth_or_home_is_left_in_the_pseudonymised_store() -> None:
    left = {column for table in TABLES.values() for column in staged_schema(table)}
    assert not left & {
        "NHSNumber",
        "PersonBirthDate",
        "Postcode",
        "GMPCodeReg",
        "PersDeathDate",
    }
    assert staged_schema(TABLES["IDS101"])["ReferralRequestReceivedDate"] == pl.Date()


@pytest.mark.parametrize(
    ("table", "name", "accepted", "refused"),
    [
        ("IDS001", "EthnicCategory", ["A", "A1", "ZX", "99"], ["Q", "I", "AAA", "9", "a", "98"]),
        ("IDS001", "NHSNumber", ["9990000018"], ["999000001", "99900000180", "999 000 001"]),
        ("IDS001", "LanguageCodePreferred", ["en", "q5"], ["e", "eng", "5q"]),
        ("IDS002", "GMPCodeReg", ["A81001", "V81999"], ["A8100", "a81001"]),
        ("IDS101", "OrgIDComm", ["VPP00", "11X"], ["X", "TOOLONG", "11x"]),
        ("IDS101", "OnsetDate", ["2025-12"], ["2025-13", "2025-12-01"]),
        ("IDS201", "ClinContDurOfCareCont", ["0", "1440"], ["12345", "1.5", "-1"]),
        ("IDS201", "CareContTime", ["09:30:00"], ["9:30:00", "24:00:00", "09:30"]),
        ("IDS603", "PresComp", ["F400", "83482000"], ["F40", "1234567890123456789"]),
        ("IDS606", "PersScore", ["27", "2.35", "NA", "Y"], ["-0.594"]),
        (
            "IDS606",
            "CodedAssToolType",
            ["720433000", "BRQ", "EQ5D_VAS", "WSAS_HOME_MANAGEMENT"],
            ["12345", "brq", "PHQ-9", "EQ", "_BRQ", "9PHQ", "X" * 21],
        ),
        ("IDS000", "DateTimeDatSetCreate", ["2026-05-06T09:30:00"], ["2026-05-06 09:30:00"]),
    ],
)
def test_the_format_tells_values_apart(table: str, name: str, accepted: list[str], refused: list[str]) -> None:
    lexical = re.compile(field(table, name).lexical)
    assert [value for value in accepted if not lexical.search(value)] == []
    assert [value for value in refused if lexical.search(value)] == []


# What people type into the wrong element, each in the forms it is written in. Nobody's: numbers of the 999 range, a
# postcode area that does not exist, telephone numbers kept for plays.
MISPLACED = (
    *("9990000018", "999 000 0018", "999-000-0018", "999000015", "999000011", "943476591"),
    *("19540312", "12031954", "12032004", "20041012", "19541005", "19541105", "120354", "12/03/1954"),
    *("12/03/54", "12.03.1954", "12MAR1954", "2MAR54", "12-Mar-1954", "12 March 1954"),
    *("ZE99 9ZZ", "ZE999ZZ", "ZE9 9ZZ", "ZE99ZZ", "Z99ZZ", "Z9Z 9ZZ", "Z9Z9ZZ", "ze999zz"),
    *("QUENNELL", "QUENNELLA", "QUENNELL A", "A QUENNELL", "Quennell, A", "QUENN", "Quenn", "O'QUENN"),
    *("07700900100", "07700 900100", "+447700900100", "01174960101", "7700900100", "ada@example.org", "a@b.uk"),
)
# A code of a list that a rule holds it against: any other value rejects its record (IDS606-102, IDS607-102, SMI608-102).
HELD_AGAINST_A_LIST = {"CodedAssToolType", "QuestionCode"}


def leaving() -> list[Field]:
    """The elements whose values leave the identifiable zone as they are, of all versions of the dataset."""
    kept = (Identity.KEEP, Identity.DATE)
    return [each for table in TABLES.values() for each in table.fields if each.identity in kept]


@pytest.mark.parametrize("value", MISPLACED)
def test_no_element_that_leaves_takes_an_identifier_typed_into_it(value: str) -> None:
    takes = {
        each.name
        for each in leaving()
        if each.has_form(value) and not (each.codes and value not in valid(each.codes))
    }
    assert takes <= HELD_AGAINST_A_LIST


def valid(codes: str) -> set[str]:
    return {code.code for code in code_list(codes)}


@pytest.mark.parametrize("name", sorted(HELD_AGAINST_A_LIST))
def test_what_a_form_would_take_a_list_refuses(name: str) -> None:
    """Its form is wide, as names of measures are, and a rule rejects the record of any code that is not listed."""
    tables = {table.id for table in TABLES.values() if name in table.by_name}
    held = {
        rule.table
        for rule in WRITTEN
        if rule.id.endswith("-102") and rule.fields == (name,) and rule.effect is Effect.REJECT_RECORD
    }
    assert held == tables


@pytest.mark.parametrize("digits", ["123456", "1234567", "12345678", "123456789"])
def test_no_code_of_an_organisation_or_site_is_six_digits_or_more_alone(digits: str) -> None:
    codes = [each for each in leaving() if each.name.startswith(("OrgID", "SiteID"))]
    assert [each.name for each in codes if each.has_form(digits)] == []
    assert {"SiteIDOfTreat", "OrgIDProv"} <= {each.name for each in codes}
    site, provider = field("IDS201", "SiteIDOfTreat"), field("IDS000", "OrgIDProv")
    assert all(map(site.has_form, ["RW501", "EE134290", "LSP0101", "000AA", "8HA03", "12345", "1MAY0"]))
    assert all(map(provider.has_form, ["RW5", "NV701", "123", "12345", "8HA03"]))


def test_a_code_of_snomed_ct_is_taken_and_what_only_looks_like_one_is_not() -> None:
    """Partition 10 stands after a namespace of seven digits, no code begins with 0, and a day of birth is none."""
    for name in ("SocPerCircumstance", "CodeObs", "CodeProcAndProcStatus", "CodeFind", "PresComp"):
        element = next(each for each in leaving() if each.name == name)
        assert all(
            map(element.has_form, ["83482000", "20430005", "718426005", "1363681000000100", "999000011000001104"])
        )
        assert not any(map(element.has_form, ["83482101", "07700900100", "12032004", "19541005", "1363681101"]))


# ---- both engines read a pattern alike --------------------------------------------------------------------

VALUES: list[str | None] = [
    *(None, "", " ", "A1", " A1", "A1 ", "a1", "F400", "F40.0", "RX1", "99", "é", "Ångström", "e\u0301e"),
    *(
        "0",
        "12",
        "١٢",
        "１２",
        "1.5",
        "-1",
        "9990000018",
        "720433000",
        "720433000 ",
        "718026005:408730004=443390004",
    ),
    *(
        "2026-04-01",
        "2026-4-1",
        "2026/04/01",
        "2026-02-30",
        "2026-13-01",
        "2026-04",
        "09:30:00",
        "9:30",
        "25:00:00",
    ),
    *(
        "2026-05-06T09:30:00",
        "2026-05-06 09:30:00",
        "2.1",
        "10.10",
        "x" * 20,
        "x" * 21,
        "A\nB",
        "A1\n",
        "\tA1",
    ),
]
PATTERNS = sorted({f.lexical for _, f in FIELDS})


@pytest.mark.parametrize("pattern", PATTERNS)
def test_polars_and_duckdb_match_the_same_values(pattern: str) -> None:
    condition = f"value ~ '{pattern}'"
    in_polars = pl.Series("value", VALUES, pl.String).to_frame().select(pl.sql_expr(condition).alias("hit"))
    with duckdb.connect() as con:
        rows = con.execute(
            f"SELECT {condition} FROM unnest(?::VARCHAR[]) WITH ORDINALITY AS t(value, place) ORDER BY place",
            [VALUES],
        ).fetchall()
    assert in_polars["hit"].to_list() == [hit for (hit,) in rows]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_are_anchored_and_portable(pattern: str) -> None:
    assert pattern.startswith("^")
    assert pattern.endswith("$")
    assert not re.search(r"\(\?|\\[dwsbDWSB]|'", pattern)
