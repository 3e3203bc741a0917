"""The tables of one submission checked together, in memory: what one table says of another, and what is written."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl
import pytest

from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.gate import GATE
from schemas.links import RECORDS, looks_up
from schemas.month import ProviderMonth
from schemas.rule import Effect
from schemas.ruleset import rules_for
from schemas.table import Table
from schemas.versions import Version
from transforms.findings import file_finding
from transforms.leaving import Staging
from transforms.pseudonymise import Origin, TokenKey, local_token
from transforms.receive.table import Received
from transforms.submission import Header, SubmissionChecked, _let_go_after, check_submission, period_of
from transforms.validate import rejected_rows

APRIL = (date(2026, 4, 1), date(2026, 4, 30))
KEY = TokenKey("v1", "0123456789abcdef" * 4)
Records = Sequence[Mapping[str, str | None]]
HEADER, PATIENTS, REFERRALS, CONTACTS, ACTIVITIES = (
    example_records(TABLES[name])[:1] for name in ("IDS000", "IDS001", "IDS101", "IDS201", "IDS202")
)  # fmt: skip
ACTIVITY = {**ACTIVITIES[0], "CarePersLocalId": None}
RIGHT: dict[str, Records] = {
    "IDS000": HEADER, "IDS001": PATIENTS, "IDS002": example_records(TABLES["IDS002"])[:1], "IDS101": REFERRALS,
    "IDS201": CONTACTS, "IDS202": [ACTIVITY],
}  # fmt: skip


def received(table: Table, records: Records, gate: Sequence[pl.DataFrame] = ()) -> Received:
    """A table as the gate gives it. ``gate`` has its findings; those about rows are of rows beside these."""
    schema = {"row_number": pl.Int64(), **dict.fromkeys(table.by_name, pl.String())}
    rows = pl.LazyFrame([{"row_number": at, **record} for at, record in enumerate(records, start=2)], schema=schema)
    no_records = sum(int(frame["row_number"].count()) for frame in gate)
    return Received(table, rows, len(records) + no_records, list(gate))


def check(
    changed: Mapping[str, Records | Received | None],
    gate: Sequence[pl.DataFrame] = (),
    named: ProviderMonth | None = None,
    staging: Staging | None = None,
) -> SubmissionChecked:
    """The right submission with some tables changed, left out (None) or as the gate gives them."""
    tables = RIGHT | dict(changed)

    def opener(table: Table, _: Version | None) -> Received | None:
        found = tables.get(table.id)
        return found if found is None or isinstance(found, Received) else received(table, found)

    return check_submission(opener, named, gate, staging=staging)


def found(checked: SubmissionChecked) -> list[tuple[str, str | None, int | None]]:
    return checked.findings.select("rule_id", "table", "row_number").rows()


def rules(checked: SubmissionChecked) -> set[str]:
    return set(checked.findings["rule_id"])


def unread(table_id: str) -> Received:
    return Received(TABLES[table_id], None, 3, [file_finding(GATE["GATE-QUOTE"], table_id)])


def test_the_right_submission_has_no_findings() -> None:
    assert found(check({})) == []
    assert check({}).counts()["IDS202"] == {"rows_in": 1, "accepted": 1, "rejected": 0}


def test_a_provider_month_is_of_a_header_that_has_both() -> None:
    assert Header("RW5", date(2026, 4, 30)).provider_month == ProviderMonth("RW5", date(2026, 4, 1))
    assert Header("RW5").provider_month is Header(start=APRIL[0]).provider_month is Header().provider_month is None


def test_without_a_whole_period_the_codes_of_any_time_are_valid() -> None:
    """The dataset began in April 2012."""
    assert period_of(Header(start=APRIL[0], end=APRIL[1])) == APRIL
    for header in (Header(), Header(start=APRIL[0]), Header(end=APRIL[1])):
        assert period_of(header) == (date(2012, 4, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    ("provider", "used"), [("RW5", "RW5"), ("rw5", "RW5"), ("../..", None), ("", None), (None, None)]
)
def test_a_provider_that_is_no_code_is_not_used(provider: str | None, used: str | None) -> None:
    checked = check({"IDS000": [{**HEADER[0], "OrgIDProv": provider}]})
    assert checked.header.provider == used
    assert used is not None or checked.is_file_rejected


def test_what_is_missing_is_said_unless_the_submission_could_not_be_opened() -> None:
    nothing = dict.fromkeys(RIGHT)
    gate = [file_finding(GATE["GATE-ZIP"], None)]
    every = {("GATE-TABLE-MISSING", name, None) for name in ("IDS000", "IDS001", "IDS101")}
    assert {*found(check(nothing))} == every
    assert found(check(nothing, gate)) == [("GATE-ZIP", None, None)]
    assert {("GATE-ZIP", None, None), ("GATE-TABLE-MISSING", "IDS001", None)} <= {
        *found(check({"IDS001": None}, gate))
    }


def test_a_record_that_names_one_of_a_table_left_out_names_nobody_and_of_one_that_cannot_be_read_nobody_knows() -> (
    None
):
    """Contacts may be left out; then an activity has no contact. Referrals may not: then nothing is said of them."""
    names_nobody = "IDS202-101"
    assert names_nobody in {rule.id for rule in rules_for("IDS202", Version.SMI_1_0, *APRIL)}
    assert names_nobody in rules(check({"IDS201": None}))
    assert names_nobody in rules(check({"IDS201": []}))
    assert names_nobody not in rules(check({"IDS201": unread("IDS201")}))
    assert not {rule for rule in rules(check({"IDS101": None})) if rule.startswith("IDS201")}
    assert not {rule for rule in rules(check({"IDS101": unread("IDS101")})) if rule.startswith("IDS201")}


UNNAMED = ("IDS001-116", "IDS001", 2)


def test_records_are_counted_where_all_that_could_name_them_are_known() -> None:
    """IDS001-116: no referral names the patient. IDS101-112: care ended and there was no contact."""
    nobody = [{**REFERRALS[0], "LocalPatientId": "P999"}]
    assert UNNAMED in found(check({"IDS101": nobody, "IDS201": None, "IDS202": None}))
    for unknown in (None, unread("IDS101")):
        assert UNNAMED not in found(check({"IDS101": unknown}))
    ended = [{**REFERRALS[0], "ServDischDate": "2026-04-20", "EndCode": "46"}]
    assert "IDS101-112" not in rules(check({"IDS101": ended}))
    assert "IDS101-112" in rules(check({"IDS101": ended, "IDS201": None, "IDS202": None}))
    assert "IDS101-112" not in rules(check({"IDS101": ended, "IDS201": unread("IDS201"), "IDS202": None}))


def test_rows_that_were_no_records_are_counted_with_those_that_were() -> None:
    gate = file_finding(GATE["GATE-FIELDS"], "IDS001", ["a", "b"], [5, 7])
    checked = check({"IDS001": received(TABLES["IDS001"], PATIENTS, [gate])})
    assert checked.counts()["IDS001"] == {"rows_in": 3, "accepted": 1, "rejected": 2}


def test_findings_are_in_the_order_of_rows_and_of_one_row_in_that_of_rules() -> None:
    wrong = [
        {**PATIENTS[0], "LocalPatientId": f"P{at:04}", "Gender": "Q", "PersonBirthDate": "x"} for at in range(600)
    ]
    checked = check({"IDS001": wrong, "IDS101": None})
    numbers = checked.tables["IDS001"].findings["row_number"].to_list()
    assert numbers == sorted(numbers)
    of_rows = (
        checked.tables["IDS001"]
        .findings.group_by("row_number")
        .agg(pl.col("rule_id").cast(pl.String).str.join("|"))
    )
    assert of_rows["rule_id"].n_unique() == 1 and "|" in of_rows["rule_id"][0]


def test_no_record_left_rejects_the_file_and_no_record_sent_does_not() -> None:
    none: dict[str, Records] = {"IDS001": [], "IDS002": [], "IDS101": [], "IDS201": [], "IDS202": []}
    assert "GATE-NOTHING-ACCEPTED" not in rules(check(none))
    assert "GATE-NOTHING-ACCEPTED" in rules(check(none | {"IDS101": [{**REFERRALS[0], "LocalPatientId": "P999"}]}))
    assert "GATE-NOTHING-ACCEPTED" not in rules(check(none | {"IDS001": PATIENTS}))


@pytest.mark.parametrize(
    ("rule", "tables", "said"),
    [
        ("GATE-FOOTER", ["IDS000", "IDS001"], (None, "row 9 of IDS000, and in 1 more table")),
        ("GATE-FOOTER", ["IDS000", "IDS001", "IDS101"], (None, "row 9 of IDS000, and in 2 more tables")),
        ("GATE-FOOTER", ["IDS001"], ("IDS001", "row 9")),
        ("GATE-QUOTE", ["IDS000", "IDS001"], ("IDS000", "row 9")),  # each is a fault of its own
    ],
)
def test_what_one_program_did_to_every_table_is_said_once(
    rule: str, tables: Sequence[str], said: tuple[object, ...]
) -> None:
    sent = {table: Received(TABLES[table], None, 1, [file_finding(GATE[rule], table, "row 9")]) for table in tables}
    checked = check({**dict.fromkeys(RIGHT), **sent})
    about = checked.findings.filter(checked.findings["rule_id"] == rule).select("table", "found").rows()
    assert about[0] == said
    assert len(about) == (len(tables) if rule == "GATE-QUOTE" else 1)


def test_what_is_known_of_a_table_is_kept_until_the_last_table_that_names_it() -> None:
    """Rules that count records are asked at the end, so what their tables name is kept."""
    asked = {table_id: rules_for(table_id, Version.SMI_1_0, *APRIL) for table_id in TABLES}
    counting = [
        id_ for id_, each in asked.items() if any(name == RECORDS for rule in each for _, name in rule.related)
    ]
    to_the_end = {named for table_id in counting for named in looks_up(TABLES[table_id])}
    last: dict[str, str] = {}
    for table in TABLES.values():
        last |= dict.fromkeys(looks_up(table), table.id)
    for table_id in TABLES:
        let_go = {named for named, by in last.items() if by == table_id and named not in to_the_end}
        assert {*_let_go_after.__wrapped__(table_id, Version.SMI_1_0, *APRIL)} == let_go
    assert to_the_end and set(last) - to_the_end


def written(changed: Mapping[str, Records]) -> tuple[SubmissionChecked, dict[str, pl.DataFrame]]:
    """What of each table is written while it is checked."""
    rows: dict[str, list[pl.DataFrame]] = {}

    def sink(table_id: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        def note(batch: pl.DataFrame) -> pl.DataFrame:
            rows.setdefault(table_id, []).append(batch)
            return batch

        return frame.map_batches(note, streamable=True)

    checked = check(changed, staging=Staging("sub1", KEY, sink))
    return checked, {table_id: pl.concat(batches).sort("row_number") for table_id, batches in rows.items()}


def token(table_id: str, name: str, value: str) -> str:
    origin = Origin("sub1", ProviderMonth("RW5", APRIL[0]))
    made: str = pl.select(local_token(pl.lit(value), TABLES[table_id].by_name[name], origin, KEY)).item()
    return made


def test_rows_are_written_with_the_tokens_of_the_records_that_they_name() -> None:
    checked, rows = written({})
    assert found(checked) == []
    assert {table_id: frame.height for table_id, frame in rows.items()} == dict.fromkeys(RIGHT, 1)
    referral = token("IDS101", "ServiceRequestId", REFERRALS[0]["ServiceRequestId"] or "")
    assert rows["IDS101"]["ServiceRequestId"].item() == rows["IDS201"]["ServiceRequestId"].item() == referral
    contact = token("IDS201", "CareContactId", CONTACTS[0]["CareContactId"] or "")
    assert rows["IDS201"]["CareContactId"].item() == rows["IDS202"]["CareContactId"].item() == contact


def test_a_row_is_not_written_whose_parent_or_its_parent_is_rejected() -> None:
    second = [{**REFERRALS[0], "ServiceRequestId": "R9", "ReferralRequestReceivedDate": "2 April"}]
    contacts = [*CONTACTS, {**CONTACTS[0], "CareContactId": "C9", "ServiceRequestId": "R9"}]
    activities = [ACTIVITY, {**ACTIVITY, "CareActId": "A9", "CareContactId": "C9"}]
    checked, rows = written({"IDS101": [*REFERRALS, *second], "IDS201": contacts, "IDS202": activities})
    for table_id in ("IDS101", "IDS201", "IDS202"):
        assert rows[table_id]["row_number"].to_list() == [2]
        assert rejected_rows(checked.tables[table_id].findings).to_list() == [3]
    assert {checked.heaviest} <= {Effect.REJECT_RECORD, Effect.REJECT_GROUP}


def test_nothing_is_written_under_a_header_that_cannot_be_used() -> None:
    checked, rows = written({"IDS000": [{**HEADER[0], "DatSetVer": "9.9"}]})
    assert checked.is_file_rejected
    assert rows == {}
