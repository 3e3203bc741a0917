"""Values that are spelled otherwise than declared: read as what they plainly mean, or refused as they were."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import check_path, load
from pipelines.zones import zones
from schemas.codes import code_list, valid_codes
from schemas.dataset import TABLES
from schemas.errors import NotAsked
from schemas.example import example_value
from schemas.field import Field
from schemas.rule import Effect
from schemas.spellings import Spelling, hidden_words, is_open, spellings
from tests.campaign import examples
from tests.fixtures.submission import RIGHT, submission
from tests.references import spellings as reference
from transforms.normalise.cells import ANYTHING_AROUND, HIDDEN, hidden
from transforms.normalise.reading import is_as_declared, is_declared, plain_text, read
from transforms.submission import SubmissionChecked

APRIL = (date(2026, 4, 1), date(2026, 4, 30))
ELEMENTS = [(table, field) for table in TABLES.values() for field in table.fields]


def codes_of(field: Field) -> tuple[str, ...]:
    return valid_codes(field.codes, *APRIL) if field.codes else ()


def means(values: list[str], field: Field) -> list[str | None]:
    found: list[str | None] = read(pl.Series("x", values, dtype=pl.String), field, codes_of(field)).means.to_list()
    return found


@pytest.mark.parametrize(
    ("element", "submitted", "meant"),
    [
        ("IDS101 ReferralRequestReceivedDate", "2025-04-07 00:00:00", "2025-04-07"),
        ("IDS101 ReferralRequestReceivedDate", "2025-04-07T00:00:00.000", "2025-04-07"),
        ("IDS101 ReferralRequestReceivedDate", "2025-04-07 00:00:00+00:00", "2025-04-07"),
        ("IDS101 ReferralRequestReceivedDate", "07-Apr-2025", "2025-04-07"),
        ("IDS101 ReferralRequestReceivedDate", "7 April 2025", "2025-04-07"),
        ("IDS101 ReferralRequestReceivedDate", "Apr  7 2025 12:00AM", "2025-04-07"),
        ("IDS101 ReferralRequestReceivedDate", "2025/04/07", "2025-04-07"),
        ("IDS101 ReferralRequestReceivedDate", "2025-4-7", "2025-04-07"),
        ("IDS101 ReferralRequestReceivedDate", "20250407", "2025-04-07"),
        ("IDS101 ReferralRequestReceivedDate", "2025–04–07", "2025-04-07"),
        ("IDS001 NHSNumber", "999 000 0018", "9990000018"),
        ("IDS001 NHSNumber", "999-000-0018", "9990000018"),
        ("IDS001 NHSNumber", "999\u00a0000\u00a00018", "9990000018"),
        ("IDS001 NHSNumber", "9990000018.0", "9990000018"),
        ("IDS201 AppType", '="01"', "01"),
        ("IDS201 AppType", "'01", "01"),
        ("IDS201 AppType", '"01"', "01"),
        ("IDS201 AppType", "\u200b01", "01"),
        ("IDS201 AppType", "01.0", "01"),
        ("IDS201 AttendOrDNACode", "5.0", "5"),
        ("IDS201 ClinContDurOfCareCont", "45.0", "45"),
        ("IDS201 CareContTime", "9:30", "09:30:00"),
        ("IDS201 CareContTime", "1899-12-30 09:30:00", "09:30:00"),
        ("IDS000 DateTimeDatSetCreate", "2025-05-06 09:30:00.123", "2025-05-06T09:30:00"),
        ("IDS000 DateTimeDatSetCreate", "06-May-2025 09:30", "2025-05-06T09:30:00"),
        ("IDS101 OnsetDate", "2025-04-01 00:00:00", "2025-04"),
        ("IDS101 OnsetDate", "Apr-2025", "2025-04"),
        ("IDS101 SourceOfReferralMH", "a1", "A1"),
        ("IDS201 OrgIDComm", "07k", "07K"),
        ("IDS202 CodeFind", "f32.9", "F32.9"),
        ("IDS202 CodeFind", "f329", "F329"),
        ("IDS001 LocalPatientId", "\u200bP1", "P1"),
        ("IDS001 LocalPatientId", '="P1"', "P1"),
        ("IDS001 LocalPatientId", "'P1", "P1"),
    ],
)  # fmt: skip
def test_a_plain_spelling_is_read(element: str, submitted: str, meant: str) -> None:
    table, name = element.split()
    field, others = TABLES[table].by_name[name], [f"?{number}" for number in range(300)]
    assert means([submitted, meant], field) == [meant, meant]
    assert means([submitted, meant, *others], field)[:2] == [meant, meant]  # of many values Polars looks at all


@pytest.mark.parametrize(
    ("element", "submitted"),
    [
        ("IDS101 ReferralRequestReceivedDate", "03/04/2025"),  # March or April
        ("IDS101 ReferralRequestReceivedDate", "07-Apr-25"),  # the 7th, or of 2007
        ("IDS101 ReferralRequestReceivedDate", "30-Feb-2025"),
        ("IDS101 ReferralRequestReceivedDate", "2025-04-07 09:30:00"),  # a time that somebody meant
        ("IDS101 ReferralRequestReceivedDate", "2025-04-06T23:00:00Z"),  # midnight of the next day in summer
        ("IDS101 ReferralRequestReceivedDate", "20042025"),
        ("IDS101 ReferralRequestReceivedDate", "45754"),
        ("IDS101 OnsetDate", "Apr-25"),  # 25 April, or 2025
        ("IDS001 NHSNumber", "9.99E+09"),  # the digits are gone
        ("IDS001 NHSNumber", "99900000180"), ("IDS001 NHSNumber", "-9990000018"),
        ("IDS201 AppType", "1"),
        ("IDS201 AppType", "1.0"),
        ("IDS201 AttendOrDNACode", "05"),
        ("IDS201 ClinContDurOfCareCont", "45.5"),
        ("IDS201 CareContTime", "2025-04-07 09:30:00"),
        ("IDS000 DateTimeDatSetCreate", "2025-05-06T09:30:00Z"),
        ("IDS201 CareContactId", "NA"),  # a key may be anything
        ("IDS004 EmpSupportInd", "N/A"),  # its list has NA, not applicable
        ("IDS201 OrgIDComm", "kim"),  # may be a name
        ("IDS202 CodeFind", "eu32."),  # a Read code in capitals is another one
        ("IDS202 CodeFind", "d7412"),  # has the form of a medicine's Read code too
        ("IDS202 CodeProcAndProcStatus", "1234567890123456.0"),  # more digits than a spreadsheet keeps
        ("IDS001 LocalPatientId", "none"),
        ("IDS001 LocalPatientId", "12.0"),
        ("IDS001 LocalPatientId", "O'Brien"),
    ],
)  # fmt: skip
def test_what_may_mean_two_things_stays_as_it_was(element: str, submitted: str) -> None:
    table, name = element.split()
    assert means([submitted], TABLES[table].by_name[name]) == [submitted]


def test_a_word_for_a_missing_value_is_blank_in_every_element_unless_it_may_be_a_code() -> None:
    words = ["NULL", "-", "None", "NaN", "(null)", "\u200b", "''", '=""', "N/A", "#N/A", "n/a"]
    for table, field in ELEMENTS:
        has_na = field.codes in ("employment_support", "experience_answer")  # NA: not applicable
        assert means(words, field) == [None] * 8 + (words[8:] if has_na else [None] * 3), (table.id, field.name)


def test_a_code_of_the_list_is_never_another() -> None:
    for name in sorted({field.codes for _, field in ELEMENTS if field.codes}):
        field = next(each for _, each in ELEMENTS if each.codes == name)
        every = [code.code for code in code_list(name)]
        assert read(pl.Series(every), field, tuple(every)).means.to_list() == every


def valid_values(table_id: str, field: Field) -> list[str]:
    more = {
        "an10 CCYY-MM-DD": ["2025-04-07", "2024-02-29", "1999-12-31"],
        "an8 HH:MM:SS": ["00:00:00", "09:05:00", "23:59:59"],
        "an19 YYYY-MM-DDThh:mm:ss": ["2025-05-06T09:30:00", "2024-02-29T00:00:00"],
        "an7 YYYY-MM": ["2025-04", "1999-12"],
        "n10": ["9990000018", "9990000026"],
    }.get(field.format, [])
    return [*codes_of(field), example_value(TABLES[table_id], field, *APRIL), *more]


def written_by_others(value: str) -> list[str]:
    """One value as other programs write it, right for some elements and nonsense for others."""
    ways = [
        f'="{value}"', f"'{value}", f'"{value}"', f"\u200b{value}", f"{value}\u00a0", f"\ufeff{value}\u00ad",
        f"'=\"{value}\"", value.lower(), value.swapcase(), f"{value}.0", f"{value}.00", f"{value} 00:00:00",
        f"{value}T00:00:00", value.replace("-", "/"), value.replace("-", "–"), value.replace("-", ""),
        value.replace("T", " "), value.removesuffix(":00"), f"1899-12-30 {value}", f"{value[:3]} {value[3:6]} {value[6:]}",
        f"{value[:3]}-{value[3:6]}-{value[6:]}", f"{value}.000", value.lstrip("0"),
    ]  # fmt: skip
    if len(value) >= 10 and value[4] == value[7] == "-":
        day, month = (
            value[8:10],
            ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        )
        word = month[int(value[5:7]) - 1]
        ways += [f"{day}-{word}-{value[:4]}{value[10:]}", f"{int(day)} {word.upper()} {value[:4]}"]
        ways += [f"{word} {day} {value[:4]} 12:00AM", f"{day}/{value[5:7]}/{value[:4]}"]
    return ways


def test_every_spelling_of_every_valid_value_means_the_value_or_stays_and_the_reference_agrees() -> None:
    """Every element of the dataset. What a spelling means is what the slow reference says, one value at a time."""
    read_as_meant = 0
    for table, field in ELEMENTS:
        valid, codes = valid_values(table.id, field), codes_of(field)
        assert means(valid, field) == valid, field.name
        pairs = [(way, value) for value in valid for way in written_by_others(value) if way]
        found = means([way for way, _ in pairs], field)
        for (way, value), meant in zip(pairs, found, strict=True):
            is_other = reference.is_declared(way, field, codes)  # the spelling is a value of its own
            assert meant in (value, way) or is_other, (field.name, way)
            assert meant == reference.meaning(way, field, codes), (field.name, way)
            read_as_meant += meant == value != way
        stays = is_as_declared(pl.Series([way for way, _ in pairs]), field, codes)
        changed = [way for (way, _), meant, kept in zip(pairs, found, stays, strict=True) if kept and meant != way]
        assert changed == [], field.name
        again = [each for each in found if each is not None]
        assert means(again, field) == again, field.name
    assert read_as_meant > 3000


PIECES = st.sampled_from(
    ["'", '"', "=", "\u200b", "\u00a0", " ", "-", "–", "NULL", "N/A", "0", "01", "5", ".0", "2025", "04", "07", "Apr",
     "/", "T", "00:00:00", ":30", "9", "999", "0000018", "F32", "f", "P1", "A", "a", "x", ",", "é", "１", "=\"01\""]
)  # fmt: skip


@settings(max_examples=examples(8))
@given(drawn=st.lists(st.lists(PIECES, min_size=1, max_size=6).map("".join), min_size=1, max_size=30, unique=True))
def test_any_text_means_what_the_reference_says_and_means_it_again(drawn: list[str]) -> None:
    """Kinds of elements, not all of them: most differ by their codes alone."""
    texts = [text for each in drawn if (text := pl.Series([each]).str.strip_chars().item())]
    for table_id, name in (
        ("IDS101", "ServDischDate"), ("IDS001", "NHSNumber"), ("IDS201", "AppType"), ("IDS001", "LocalPatientId"),
        ("IDS201", "ClinContDurOfCareCont"), ("IDS201", "CareContTime"), ("IDS202", "CodeFind"), ("IDS101", "OnsetDate"),
        ("IDS201", "OrgIDComm"), ("IDS000", "DateTimeDatSetCreate"), ("IDS004", "EmpSupportInd"),
    ):  # fmt: skip
        field = TABLES[table_id].by_name[name]
        found = means(texts, field)
        assert found == [reference.meaning(text, field, codes_of(field)) for text in texts], name
        again = [each for each in found if each is not None]
        assert means(again, field) == again
        declared = [t for t in texts if reference.is_declared(t, field, codes_of(field))]
        kept = [t for t in declared if reference.bare(t) == t and t not in reference.BLANK]
        assert means(kept, field) == kept


@settings(max_examples=examples(50))
@given(text=st.lists(PIECES, min_size=1, max_size=6).map("".join))
def test_one_text_is_bared_as_a_column_is(text: str) -> None:
    """A person who is erased must be found however the identifier is spelled."""
    field = TABLES["IDS001"].by_name["LocalPatientId"]
    stripped = text.strip()
    if stripped and is_declared(pl.Series([stripped]), field, ()).item():
        expected = read(pl.Series([stripped]), field).means.item()
        if expected is not None and stripped not in reference.BLANK:
            assert plain_text(stripped) == expected


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_what_no_rule_finds_is_looked_for(table: object) -> None:
    """Elements that take any text, and words that have the form of an element."""
    for of, field in ELEMENTS:
        if of is not table:
            continue
        odd = [*hidden_words(field), *(["'x", '="x"', '"x"', "\u200bx"] if is_open(field) else [])]
        seen = hidden(of, ANYTHING_AROUND)
        if not odd or seen is None:
            continue
        rows = pl.DataFrame({f"{each.name}_text": [None] * (len(odd) + 1) for each in of.fields}, schema_overrides={
            f"{each.name}_text": pl.String for each in of.fields
        })  # fmt: skip
        rows = rows.with_columns(pl.Series(f"{field.name}_text", ["P1", *odd]))
        assert rows.select(seen)[HIDDEN].to_list() == [False] + [True] * len(odd), field.name


def test_the_declaration_of_an_element_decides_what_is_tried() -> None:
    assert {each.spelling for each in spellings(TABLES["IDS001"].by_name["NHSNumber"])} == {
        Spelling.NHS_NUMBER, Spelling.DECIMAL,
    }  # fmt: skip
    by_format: dict[str, set[tuple[object, ...]]] = {}
    for _, field in ELEMENTS:
        if not field.codes and not field.pattern:
            by_format.setdefault(field.format, set()).add(spellings(field))
    assert all(len(ways) == 1 for ways in by_format.values())


# Whole submissions


def checked_with(folder: Path, changes: dict[str, tuple[str, str]], **more: Any) -> SubmissionChecked:
    """The small right submission with a text of a table's file replaced by another, checked."""
    tables = {name: RIGHT[name].replace(*change) for name, change in changes.items()}
    assert all(tables[name] != RIGHT[name] for name in changes)
    return check_path(submission(folder, **tables), **more)


def noted(checked: SubmissionChecked) -> list[tuple[str, str]]:
    found = checked.findings.filter(pl.col("effect") == "note")
    return found.select(pl.col("rule_id").cast(pl.String), "found").rows()


def test_a_note_says_how_many_cells_and_one_example_and_no_record_is_lost(tmp_path: Path) -> None:
    checked = checked_with(tmp_path, {"IDS101Referral": ("2025-04-02", "02-Apr-2025")})
    assert checked.heaviest is Effect.NOTE and checked.counts()["IDS101"]["rejected"] == 0
    ((rule, said),) = noted(checked)
    assert rule == "GATE-SPELLING-DATE"
    assert said == "1 cell of ReferralRequestReceivedDate, such as «02-Apr-2025» read as «2025-04-02»"


def test_an_example_of_an_element_that_identifies_is_its_shape(tmp_path: Path) -> None:
    checked = checked_with(tmp_path, {"IDS001MPI": ("9990000018", "999 000 0018")})
    ((_, said),) = noted(checked)
    assert said == "1 cell of NHSNumber, such as «999 999 9999» read as «9999999999»"


def test_one_number_in_two_spellings_is_one_person(tmp_path: Path, home: Path) -> None:
    found = zones(home)
    plain = load(submission(tmp_path / "a"), found, open_ledger(found.ledger), spine_key())
    spaced = {"IDS001MPI": RIGHT["IDS001MPI"].replace("9990000018", '="999 000 0018"').replace("P1,", "'P1,")}
    other = load(submission(tmp_path / "b", **spaced), found, open_ledger(found.ledger), spine_key())
    assert plain.verdict.state == other.verdict.state == State.ACCEPTED
    tables = [
        pl.read_parquet(found.pseudonymised / f"{one.receipt.submission_id}.*" / "IDS001.parquet").drop(
            "submission_id"
        )
        for one in (plain, other)
    ]
    assert tables[0].equals(tables[1])


def test_a_finding_shows_what_was_submitted(tmp_path: Path) -> None:
    """The rules see what it means: a day after the period. A person looks for what stands in the file."""
    checked = checked_with(tmp_path, {"IDS101Referral": ("2025-04-02", "02-May-2025")})
    about = checked.findings.filter(pl.col("field").cast(pl.String).str.contains("ReferralRequestReceivedDate"))
    assert "02-May-2025" in " ".join(about["found"].drop_nulls())


def test_a_setting_refuses_and_is_part_of_the_version(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = submission(tmp_path, IDS101Referral=RIGHT["IDS101Referral"].replace("2025-04-02", "02-Apr-2025"))
    assert check_path(path, as_written=True).heaviest is Effect.REJECT_RECORD
    found = zones(home)
    read_as_meant = load(path, found, open_ledger(found.ledger), spine_key())
    monkeypatch.setenv("PARITY_SPELLINGS", "refuse")
    taken_as_written = load(path, found, open_ledger(found.ledger), spine_key())
    assert not taken_as_written.is_repeat  # the same bytes under another setting are judged anew
    assert (read_as_meant.verdict.state, taken_as_written.verdict.state) == (
        State.ACCEPTED, State.ACCEPTED_WITH_REJECTIONS,
    )  # fmt: skip
    assert taken_as_written.verdict.made_with == f"{read_as_meant.verdict.made_with}-as-written"
    monkeypatch.setenv("PARITY_SPELLINGS", "perhaps")
    with pytest.raises(NotAsked, match="PARITY_SPELLINGS must be read or refuse"):
        check_path(path)


def test_where_all_is_taken_as_written_a_note_rejects_the_file(tmp_path: Path) -> None:
    path = submission(
        tmp_path, IDS101Referral=RIGHT["IDS101Referral"].replace("ServiceRequestId", "Service_Request_Id", 1)
    )
    assert check_path(path).heaviest is Effect.NOTE
    checked = check_path(path, as_written=True)
    assert checked.is_file_rejected and noted(checked) == []
    assert checked.rules["GATE-COLUMN-SPELLING"].effect is Effect.REJECT_FILE
