"""Causes: what one fault of a program breaks at once is found, said once, and explains its findings and no others.

Each cause is put into a month of a service, into 5 %, 50 % and 100 % of what it can reach. A month without faults and
one with scattered faults have none.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from demonstration.writing import write_submissions
from schemas.causes import CAUSES, EXAMPLES
from schemas.dataset import TABLES
from schemas.field import Identity
from schemas.month import ProviderMonth
from schemas.rule import Effect
from schemas.table import Table
from schemas.versions import Version
from tests.campaign import one_of_each, seeds
from transforms.findings import REJECTIONS
from transforms.receive.table import Received
from transforms.submission import SubmissionChecked, check_submission

Cells = Mapping[str, pl.DataFrame]
"""Per table id the values as text, columns as declared."""
Change = Callable[[str, str], str | None]
"""A value and the name of its element to what the fault makes of it; ``None`` where it does not reach."""


@cache
def month(faults: float = 0.0, seed: int = 3) -> Cells:
    """A month of a service, with every table of the dataset that it sends."""
    with TemporaryDirectory() as folder:
        start = date(2025, 4, 1)
        write_submissions(Path(folder), providers=1, months=1, start=start, seed=seed, faults=faults)
        (submission,) = (path for path in Path(folder).iterdir() if path.is_dir())
        return {
            table.id: pl.read_csv(file, infer_schema=False)
            for table in TABLES.values()
            if (file := submission / f"{table.name}.csv").is_file()
        }


def opened(cells: Cells, table: Table) -> Received | None:
    """A table of these cells as a submission has it; ``None`` for one that it does not have."""
    if table.id not in cells:
        return None
    frame = cells[table.id]
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in table.by_name if name not in frame.columns]
    rows = frame.with_columns(absent).select(*table.by_name).with_row_index("row_number", offset=2)
    places = {name: index for index, name in enumerate(frame.columns)}
    return Received(
        table, rows.with_columns(pl.col("row_number").cast(pl.Int64)).lazy(), frame.height, [], columns=places
    )


def check(cells: Cells, named: ProviderMonth | None = None, *, is_as_written: bool = False) -> SubmissionChecked:
    """The submission of these cells, checked; ``is_as_written`` reads no spelling as what it means."""
    return check_submission(lambda table, _: opened(cells, table), named, [], is_as_written=is_as_written)


def changed(
    cells: Cells, change: Change, of: float = 1.0, seed: int = 1
) -> tuple[Cells, dict[tuple[str, str], set[int]]]:
    """``cells`` with ``change`` made to a share of the values it reaches in each column, and the rows of these."""
    made, rows = dict(cells), {}
    for table_id, frame in cells.items():
        for name in frame.columns:
            new = [None if value is None else change(value, name) for value in frame[name]]
            reached = [index for index, value in enumerate(new) if value is not None]
            if not reached:
                continue
            # Of a column of a few values 5 % is none, and the header's values come from one place.
            wanted = len(reached) if table_id == "IDS000" else max(round(of * len(reached)), 1 if of == 1 else 0)
            picked = set(Random(seed).sample(reached, wanted))
            values = [new[index] if index in picked else value for index, value in enumerate(made[table_id][name])]
            made[table_id] = made[table_id].with_columns(pl.Series(name, values, dtype=pl.String))
            if picked:
                rows[table_id, name] = {index + 2 for index in picked}
    return made, rows


ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def written(form: str) -> Change:
    """Dates of care and birth in another form."""

    def change(value: str, _: str) -> str | None:
        if (found := ISO.fullmatch(value)) is None:
            return None
        day = date.fromisoformat(value)
        serial = str((day - date(1899, 12, 30)).days)
        return form.format(y=found[1], m=found[2], d=found[3], s=serial, yy=found[1][2:])

    return change


def of_codes(value: str, name: str) -> str | None:
    """Codes without their leading zeros."""
    is_code = any(name in table.by_name and table.by_name[name].codes for table in TABLES.values())
    return str(int(value)) if is_code and re.fullmatch(r"0\d", value) else None


def shortened(value: str, name: str) -> str | None:
    return f"{float(value):.2E}" if name == "NHSNumber" else None


def rounded(value: str, _: str) -> str | None:
    short = value[:15] + "0" * (len(value) - 15)
    return short if re.fullmatch(r"\d{16,18}", value) and short != value else None


def typed_identifiers(value: str, name: str) -> str | None:
    return "9990000018" if name == "AttendOrDNACode" else None


WAYS: dict[str, tuple[str, Change]] = {
    "day first": ("CAUSE-DATES-DAY-FIRST", written("{d}/{m}/{y}")),
    "day first, short year": ("CAUSE-DATES-DAY-FIRST", written("{d}/{m}/{yy}")),
    "day first and a time": ("CAUSE-DATES-DAY-FIRST", written("{d}/{m}/{y} 00:00")),
    "month first": ("CAUSE-DATES-MONTH-FIRST", written("{m}/{d}/{y}")),
    "no hyphens": ("CAUSE-DATES-COMPACT", written("{y}{m}{d}")),
    "numbers of days": ("CAUSE-DATES-SERIAL", written("{s}")),
    "zeros": ("CAUSE-ZEROS-LOST", of_codes),
    "shortened": ("CAUSE-NUMBERS-SHORTENED", shortened),
    "rounded": ("CAUSE-CODES-ROUNDED", rounded),
    "identifiers": ("CAUSE-IDENTIFIER", typed_identifiers),
}


# Of 23 rounded codes 5 % is one: it cannot be told from a mistyped one.
SHARES = [
    (way, of)
    for index, way in enumerate(WAYS)
    for of in ((0.05, 0.5, 1.0) * 2)[index % 3 :][:3]
    if (way, of) != ("rounded", 0.05)
]


@pytest.mark.parametrize(("way", "of"), one_of_each("causes", SHARES, lambda case: case[0]))
def test_a_cause_is_found_with_every_value_that_it_reached(way: str, of: float) -> None:
    cause, change = WAYS[way]
    cells, rows = changed(month(), change, of)
    # 20250401 can be one day only, and is read as that day unless somebody asks for what is written.
    checked = check(cells, is_as_written=cause == "CAUSE-DATES-COMPACT")
    assert [each.rule.id for each in checked.causes] == [cause]
    reached = {(each.table, each.field): set(each.rows) for each in checked.causes[0].columns}
    assert reached == rows
    # Every finding comes from these values: without them there is none.
    own = checked.findings.filter(pl.col("explained_by").is_null(), pl.col("rule_id") != cause)
    assert own.rows() == []
    assert set(checked.findings["explained_by"].drop_nulls()) == {cause}
    for column in checked.causes[0].columns:
        field = TABLES[column.table].by_name[column.field]
        if column.found is None:
            assert field.is_identifying or way in ("shortened", "identifiers"), field.name
            continue
        assert field.identity in (Identity.KEEP, Identity.DATE)  # no value that identifies is an example
        before = [month()[column.table][column.field][row - 2] for row in column.rows]
        assert (column.found, column.should_be) in [(change(value, column.field), value) for value in before]


def test_dates_that_can_be_read_both_ways_are_said_to_be_unclear() -> None:
    def change(value: str, name: str) -> str | None:
        found = written("{d}/{m}/{y}")(value, name)
        return found and re.sub(r"^\d\d", "05", found)

    (cause,) = check(changed(month(), change)[0]).causes
    assert (cause.rule.id, [each.should_be for each in cause.columns]) == (
        "CAUSE-DATES-UNCLEAR",
        [None] * len(cause.columns),
    )


def test_the_same_day_again_and_again_is_no_cause() -> None:
    """Somebody filled it in. Each is said by its rule."""

    def change(value: str, name: str) -> str | None:
        return "01/04/2025" if ISO.fullmatch(value) and name != "PersonBirthDate" else None

    cells, _ = changed({key: frame for key, frame in month().items() if key != "IDS000"}, change, 0.05)
    assert check({**month(), **cells}).causes == ()


def swapped(cells: Cells, table_id: str, one: str, other: str) -> Cells:
    names = {one: other, other: one}
    return {**cells, table_id: cells[table_id].rename(names)}


@pytest.mark.parametrize(
    ("table_id", "one", "other"),
    [
        ("IDS001", "NHSNumber", "NHSNumberStatus"), ("IDS001", "Postcode", "Gender"),
        ("IDS001", "PersonBirthDate", "EthnicCategory"), ("IDS201", "CareContDate", "AttendOrDNACode"),
        ("IDS101", "ReferralRequestReceivedDate", "SourceOfReferralIAPT"),
    ],
)  # fmt: skip
def test_headings_that_changed_places_reject_the_file(table_id: str, one: str, other: str) -> None:
    checked = check(swapped(month(), table_id, one, other))
    assert [(each.rule.id, each.rule.effect) for each in checked.causes] == [
        ("CAUSE-HEADINGS-SWAPPED", Effect.REJECT_FILE)
    ]
    assert {each.field for each in checked.causes[0].columns} == {one, other}
    assert checked.is_file_rejected
    # No value of these columns is shown, not even as an example.
    assert [(each.found, each.should_be) for each in checked.causes[0].columns] == [(None, None)] * 2
    unexplained = checked.findings.filter(pl.col("explained_by").is_null())
    assert unexplained["rule_id"].to_list() == ["CAUSE-HEADINGS-SWAPPED"]


def test_columns_that_moved_by_one_reject_the_file() -> None:
    frame = month()["IDS001"]
    names = frame.columns
    at = names.index("NHSNumber")
    moved = frame.rename({old: f"_{old}" for old in names[at:]}).rename(
        {f"_{old}": new for old, new in zip(names[at:], [*names[at + 1 :], names[at]], strict=True)}
    )
    checked = check({**month(), "IDS001": moved})
    assert [each.rule.id for each in checked.causes] == ["CAUSE-COLUMNS-SHIFTED"]
    assert checked.is_file_rejected


def test_a_month_without_faults_has_no_cause() -> None:
    checked = check(month())
    assert (checked.causes, checked.findings.height) == ((), 0)


@pytest.mark.parametrize("seed", seeds(2))
def test_scattered_faults_have_no_cause(seed: int) -> None:
    """One value in 20 rows is wrong, in any of the ways in which the rules say that a value can be."""
    checked = check(month(0.05, seed))
    assert (checked.causes, checked.findings.height > 5) == ((), True)


def test_a_cause_costs_what_the_heaviest_finding_costs_that_it_explains() -> None:
    def only(change: Change, *names: str) -> Change:
        return lambda value, name: change(value, name) if name in names else None

    rejecting = check(changed(month(), only(of_codes, "AppType"))[0])
    warning = check(changed(month(), only(of_codes, "PsychMed"))[0])
    assert [each.rule.effect for each in rejecting.causes + warning.causes] == [
        Effect.REJECT_RECORD,
        Effect.WARNING,
    ]
    assert (rejecting.heaviest, warning.heaviest) == (Effect.REJECT_RECORD, Effect.WARNING)


def test_another_fault_of_the_same_record_is_not_explained() -> None:
    cells, _ = changed(month(), lambda value, name: of_codes(value, name) if name == "AppType" else None)
    contacts = cells["IDS201"]
    cells = {
        **cells,
        "IDS201": contacts.with_columns(
            pl.when(pl.int_range(pl.len()) == 4)
            .then(pl.lit("31/31/2025"))
            .otherwise("CareContDate")
            .alias("CareContDate")
        ),
    }
    own = check(cells).findings.filter(pl.col("explained_by").is_null() & (pl.col("table") == "IDS201"))
    assert own.select(pl.col("rule_id", "field").cast(pl.String), "row_number").rows() == [
        ("IDS201-CareContDate-FORMAT", "CareContDate", 6)
    ]


def test_a_row_rejected_by_cascade_is_explained_with_everything_that_rejects_its_root() -> None:
    cells, _ = changed(month(), lambda value, name: of_codes(value, name) if name == "AppType" else None)
    findings = check(cells).findings
    cascade = findings.filter(pl.col("cause_row").is_not_null())
    assert cascade.height
    assert cascade["explained_by"].null_count() == 0
    # A root with a fault of its own keeps its rows.
    root = cascade["cause_row"][0]
    contacts = cells["IDS201"].with_columns(
        pl.when(pl.int_range(pl.len()) == root - 2).then(pl.lit("?")).otherwise("OrgIDComm").alias("OrgIDComm")
    )
    with_own = check({**cells, "IDS201": contacts}).findings.filter(pl.col("cause_row") == root)
    assert with_own.height
    assert with_own["explained_by"].null_count() == with_own.height


def test_a_finding_about_a_record_that_this_one_names_is_explained_with_it() -> None:
    """A plan is compared with the pathway of its referral, and only the referral's value lost its zero."""
    cells, _ = changed(month(), lambda value, name: of_codes(value, name) if name == "Pathway" else None)
    findings = check(cells).findings.filter(pl.col("table") == "SMI203")
    assert findings.height
    assert set(findings["explained_by"]) == {"CAUSE-ZEROS-LOST"}


def test_a_service_of_one_patient_has_few_values_and_its_cause_is_found() -> None:
    person = month()["IDS001"]["LocalPatientId"][0]
    few = {
        table_id: frame.filter(pl.col("LocalPatientId") == person)
        if "LocalPatientId" in frame.columns
        else frame.head(0)
        for table_id, frame in month().items()
    }
    few = {**few, "IDS000": month()["IDS000"]}
    cells, _ = changed(few, written("{d}/{m}/{y}"))
    assert [each.rule.id for each in check(cells).causes] == ["CAUSE-DATES-DAY-FIRST"]


def test_two_causes_are_two() -> None:
    cells, _ = changed(month(), written("{d}/{m}/{y}"))
    cells, _ = changed(cells, of_codes)
    assert [each.rule.id for each in check(cells).causes] == ["CAUSE-DATES-DAY-FIRST", "CAUSE-ZEROS-LOST"]


def test_a_number_that_a_spreadsheet_shortened_is_shared_by_nobody() -> None:
    """Two are too few for a cause. Each is no NHS number, and that is all that is said of it."""
    numbers = pl.when(pl.int_range(pl.len()) < 2).then(pl.lit("9.99E+09")).otherwise("NHSNumber").alias("NHSNumber")
    found = check({**month(), "IDS001": month()["IDS001"].with_columns(numbers)}).findings
    own = found.filter(pl.col("cause_row").is_null())
    assert own.select(pl.col("rule_id").cast(pl.String), "row_number").rows() == [
        ("IDS001-NHSNumber-FORMAT", 2),
        ("IDS001-NHSNumber-FORMAT", 3),
    ]


def test_who_follows_the_advice_about_a_wrong_nhs_number_is_done() -> None:
    """IDS001-103 advises to leave the number blank and use status 07. No rule may then object."""
    first = pl.int_range(pl.len()) == 0
    wrong = month()["IDS001"].with_columns(
        pl.when(first).then(pl.lit("9991000012")).otherwise("NHSNumber").alias("NHSNumber")
    )
    found = check({**month(), "IDS001": wrong})
    assert "IDS001-103" in set(found.findings["rule_id"])
    advice = found.rules["IDS001-103"].fix
    assert "leave it blank and use NHSNumberStatus 07" in advice
    followed = wrong.with_columns(
        pl.when(~first).then("NHSNumber").alias("NHSNumber"),
        pl.when(first).then(pl.lit("07")).otherwise("NHSNumberStatus").alias("NHSNumberStatus"),
    )
    assert check({**month(), "IDS001": followed}).findings.rows() == []


def test_every_cause_is_said_in_its_own_words() -> None:
    assert set(EXAMPLES) <= set(CAUSES)
    for rule in CAUSES.values():
        assert rule.message.count("{found}") == 1
        assert rule.effect.value in REJECTIONS or rule.effect is Effect.WARNING


def test_values_cut_at_one_length_are_said_to_be_cut() -> None:
    for table_id, name, length in (
        ("IDS001", "NHSNumber", 9),
        ("IDS101", "ReferralRequestReceivedDate", 8),
        ("IDS606", "CodedAssToolType", 12),
    ):
        cut = month()[table_id].with_columns(pl.col(name).str.slice(0, length))
        checked = check({**month(), table_id: cut})
        assert [each.rule.id for each in checked.causes] == ["CAUSE-VALUES-CUT"], name
        (column,) = checked.causes[0].columns
        assert (column.table, column.field, column.found) == (table_id, name, None)
        assert checked.findings["explained_by"].null_count() == 1, name


def test_a_column_with_one_wrong_value_throughout_is_said_once() -> None:
    contacts = month()["IDS201"].with_columns(pl.lit("??").alias("ConsMechanism"), pl.lit("~").alias("PsychMed"))
    checked = check({**month(), "IDS201": contacts})
    assert [each.rule.id for each in checked.causes] == ["CAUSE-ONE-VALUE"]
    assert {each.field for each in checked.causes[0].columns} == {"ConsMechanism", "PsychMed"}


@pytest.mark.parametrize(("first", "last"), [("2025-03-01", "2025-03-31"), ("2025-05-01", "2025-05-31")])
def test_a_header_of_another_month_than_the_contacts_is_said_once(first: str, last: str) -> None:
    header = month()["IDS000"].with_columns(
        pl.lit(first).alias("ReportingPeriodStartDate"), pl.lit(last).alias("ReportingPeriodEndDate")
    )
    checked = check({**month(), "IDS000": header})
    assert [each.rule.id for each in checked.causes] == ["CAUSE-MONTH"]
    assert "April 2025" in checked.causes[0].found
    left = checked.findings.filter(pl.col("explained_by").is_null())
    assert {str(rule) for rule in left["rule_id"]} == {"CAUSE-MONTH"}


def test_a_header_of_another_provider_than_name_and_patients_is_said_once() -> None:
    (provider,) = set(month()["IDS000"]["OrgIDProv"])
    header = month()["IDS000"].with_columns(pl.lit("RXT").alias("OrgIDProv"))
    checked = check({**month(), "IDS000": header}, ProviderMonth(provider, date(2025, 4, 1)))
    assert [each.rule.id for each in checked.causes] == ["CAUSE-PROVIDER"]
    left = checked.findings.filter(pl.col("explained_by").is_null())
    assert {str(rule) for rule in left["rule_id"]} - {"IDS000-104"} == {"CAUSE-PROVIDER"}
    # Patients of a predecessor alone are no cause: the header may be right.
    assert check({**month(), "IDS000": header}).causes == ()


def _reads_of_referrals(cells: Cells) -> int:
    """How often the rows of referrals are read while the submission is checked."""
    read: list[int] = []

    def opener(table: Table, _: Version | None) -> Received | None:
        received = opened(cells, table)
        if received is None or table.id != "IDS101":
            return received
        assert received.rows is not None

        def passing(rows: pl.DataFrame) -> pl.DataFrame:
            read.append(rows.height)
            return rows

        return replace(received, rows=received.rows.map_batches(passing, schema=received.rows.collect_schema()))

    check_submission(opener, None, [])
    return len(read)


def test_a_finding_about_records_that_all_name_one_is_no_reason_to_read_the_named_again() -> None:
    contacts = month()["IDS201"]
    again = contacts.head(1).with_columns(CareContactId=pl.lit("C-again"))  # the same referral, day and time
    twice = {**month(), "IDS201": pl.concat([contacts, again])}
    assert "IDS201-114" in set(check(twice).findings["rule_id"])
    assert _reads_of_referrals(twice) == _reads_of_referrals(month())
    nobody = {**month(), "IDS201": pl.concat([contacts, again.with_columns(ServiceRequestId=pl.lit("R-nobody"))])}
    assert _reads_of_referrals(nobody) > _reads_of_referrals(month())
