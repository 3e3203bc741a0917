"""The rules in force: every example fails or passes as it says, on both engines, and every rule says what it must."""

import re
from collections import Counter

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.links import FOUND, RECORDS
from schemas.rule import Effect, Level, Rule
from schemas.ruleset import RETIRED
from schemas.table import Table
from schemas.versions import Version, tables_of
from tests.campaign import examples
from tests.fixtures.rule import (
    ASKED,
    IN_FORCE,
    WRITTEN,
    agreed,
    as_linked,
    broken,
    broken_rows,
    frame,
    pools_of,
)

# ---- examples ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ASKED.values(), ids=list(ASKED))
def test_the_bad_example_fails_and_the_good_one_passes(rule: Rule) -> None:
    assert rule.bad
    assert rule.good
    if rule.group_by:  # records that belong together: one at least fails
        assert broken(rule, rule.bad) != []
        assert broken(rule, rule.good) == []
    else:
        assert broken(rule, rule.bad) == list(range(len(rule.bad)))
        assert broken(rule, rule.good) == []


@pytest.mark.parametrize("rule", [each for each in ASKED.values() if each.group_by], ids=lambda rule: rule.id)
def test_a_record_that_is_alone_breaks_no_rule_about_several(rule: Rule) -> None:
    """Records are brought together by a hash: two that share only that must not have a finding."""
    table = TABLES[rule.table]
    for own in rule.bad:
        alone = frame(table, [rule], [example_records(table)[0] | dict(own)])
        assert alone.filter(pl.sql_expr(rule.fails)).is_empty()


@pytest.mark.parametrize("table_id", sorted({rule.table for rule in WRITTEN.values()}))
def test_an_example_breaks_no_other_rule_of_its_table(table_id: str) -> None:
    """A record that shows two faults shows neither; a blank NHS number always has a finding of its own.

    Rules about one record are asked of all examples of the table at once, rules about several of each example alone.
    """
    table = TABLES[table_id]
    asked = [rule for rule in ASKED.values() if rule.table == table_id and rule.id != "IDS001-NHSNumber-BLANK"]
    of_one, of_several = ([rule for rule in asked if bool(rule.group_by) is several] for several in (False, True))
    base, broken_by = example_records(table)[0], []
    examples_of: list[tuple[str, dict[str, str | None]]] = []
    for rule in WRITTEN.values():
        if rule.table == table_id:
            examples_of += [(rule.id, base | dict(own)) for own in (*rule.bad, *rule.good)]
            for records in [rule.bad, rule.good] if rule.group_by else [[own] for own in (*rule.bad, *rule.good)]:
                found = agreed(table, of_several, frame(table, of_several, [base | dict(own) for own in records]))
                broken_by += [(rule.id, other) for other, rows in found.items() if rows]
    found = agreed(table, of_one, frame(table, of_one, [own for _, own in examples_of]))
    broken_by += [(examples_of[row][0], other) for other, rows in found.items() for row in rows]
    assert [(own, other) for own, other in broken_by if own != other] == []


def test_the_example_submission_breaks_no_rule() -> None:
    for table in TABLES.values():
        rules = [rule for rule in ASKED.values() if rule.table == table.id]
        found = agreed(table, rules, frame(table, rules, as_linked(table)))
        assert {rule_id: rows for rule_id, rows in found.items() if rows} == {}


@pytest.mark.parametrize("table", tables_of(Version.SMI_1_0).values(), ids=list(tables_of(Version.SMI_1_0)))
def test_the_example_has_a_value_of_every_element_of_the_version(table: Table) -> None:
    records = example_records(TABLES[table.id])
    assert [field.name for field in table.fields if not any(record[field.name] for record in records)] == []


def test_the_first_records_of_the_example_hang_together() -> None:
    for table in TABLES.values():
        if table.parent:
            here, parent, there = table.parent
            assert example_records(table)[0][here] == example_records(TABLES[parent])[0][there], table.id


# ---- both engines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
@settings(max_examples=examples(20), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_engines_fail_the_same_records(table: Table, data: st.DataObject) -> None:
    rules = [rule for rule in ASKED.values() if rule.table == table.id]
    pools = pools_of(table, rules)
    row = st.fixed_dictionaries({column: st.sampled_from(values) for column, values in pools.items()})
    records = data.draw(st.lists(row, min_size=1, max_size=3))
    # Copies with one value changed, so that there are records that belong together.
    for column, at in data.draw(st.lists(st.tuples(st.sampled_from(sorted(pools)), st.integers(0, 9)), max_size=6)):
        records.append(records[at % len(records)] | {column: data.draw(st.sampled_from(pools[column]))})
    agreed(table, rules, frame(table, rules, records))


# ---- what a rule says -------------------------------------------------------------------------------------


def test_there_are_at_least_150_written_rules_in_force() -> None:
    assert len(WRITTEN) >= 150
    assert len(IN_FORCE) >= 450


def test_ids_are_unique_and_none_is_used_again() -> None:
    from schemas import ruleset  # a dict of rules by id would hide a double

    assert [rule_id for rule_id, count in Counter(rule.id for rule in ruleset.WRITTEN).items() if count > 1] == []
    assert RETIRED & set(IN_FORCE) == set()
    for rule in WRITTEN.values():
        assert re.fullmatch(rf"{rule.table}-[1-9][0-9]{{2}}", rule.id)


def test_a_rule_has_a_message_a_correction_and_a_cost() -> None:
    for rule in ASKED.values():
        for text in (rule.message, rule.fix, rule.why):
            assert text[0].isupper() or text.startswith("{"), rule.id
            assert text.endswith((".", "…")), rule.id
        assert rule.fields, rule.id
        assert set(rule.fields) | set(rule.group_by) <= set(TABLES[rule.table].by_name), rule.id


def test_a_message_names_values_that_a_finding_has() -> None:
    for rule in ASKED.values():
        there = {f"{other}_{name}" for other, name in rule.related if name not in (FOUND, RECORDS)}
        assert set(re.findall(r"\{(.*?)\}", rule.message)) <= {*rule.fields, *there}, rule.id
        assert re.sub(r"\{\w+\}", "", rule.message).count("{") == 0, rule.id
        assert "{" not in rule.fix + rule.why, rule.id


def test_a_written_message_names_no_value_that_identifies() -> None:
    # Generated messages name their own field, which is masked; a sentence with a hole in it is no help.
    for rule in WRITTEN.values():
        for name in re.findall(r"\{(\w+)\}", rule.message):
            table, _, element = name.partition("_") if "_" in name else (rule.table, "", name)
            assert table == "TOOL" or not TABLES[table].by_name[element].is_identifying, rule.id


def test_level_and_effect_go_together() -> None:
    for rule in WRITTEN.values():
        assert (rule.level is Level.HEADER) == (rule.table == "IDS000"), rule.id
        assert (rule.effect is Effect.REJECT_FILE) <= (rule.level is Level.HEADER), rule.id
        assert (rule.effect is Effect.REJECT_GROUP) <= (rule.level is Level.GROUP), rule.id
        assert bool(rule.group_by) <= (rule.level is Level.GROUP), rule.id


def test_every_record_with_a_parent_has_a_rule_for_orphans_and_every_key_one_for_doubles() -> None:
    for table in TABLES.values():
        if table.parent:
            assert WRITTEN[f"{table.id}-101"].fails == f"NOT {table.parent[1]}_found"
        if table.key:
            doubles = [rule for rule in WRITTEN.values() if rule.table == table.id and rule.group_by == table.key]
            assert Effect.REJECT_GROUP in {rule.effect for rule in doubles}, table.id


# ---- the subtle ones --------------------------------------------------------------------------------------


def test_pauses_overlap_when_one_begins_before_another_has_ended() -> None:
    assert broken_rows(
        "IDS108-108",
        """
        row | ServiceRequestId | PauseID | PauseStartDate | PauseEndDate
        1   | R1               | 1       | 2026-04-01     | 2026-04-05
        2   | R1               | 2       | 2026-04-05     | 2026-04-07
        3   | R1               | 3       | 2026-04-08     | 2026-04-09
        4   | R2               | 1       | 2026-04-01     |
        5   | R2               | 2       | 2026-04-20     | 2026-04-21
        6   | R3               | 1       | 2026-04-10     |
        7   | R3               | 2       | 2026-04-01     | 2026-04-09
        8   | R4               | 1       | 2026-04-01     | 2026-04-30
        9   |                  | 2       | 2026-04-02     | 2026-04-03
        10  | R5               | 1       | 2026-04-01     | 31/04/2026
        11  | R5               | 2       | 2026-04-02     | 2026-04-03
        12  | R6               | 1       |                | 2026-04-09
        13  | R6               | 2       | 2026-04-02     | 2026-04-03
        14  | R7               | 1       | 2026-04-01     | 2026-04-30
        15  | R7               | 2       | 2026-04-02     | 2026-04-03
        16  | R7               | 3       | 2026-04-02     |
        """,
    ) == [1, 2, 4, 5, 14, 15, 16]  # 4: open, so 5 is in it · 6: begins after 7 · 10, 12: unclear


def test_an_nhs_number_has_a_check_digit_and_some_have_none() -> None:
    assert broken_rows(
        "IDS001-103",
        """
        row | NHSNumber
        1   | 9990000018
        2   | 9990000019
        3   | 9990000000
        4   | 9990000001
        5   | 9991000011
        6   | 99910000
        7   | 999100001X
        8   |
        9   | 0000000000
        """,
    ) == [2, 3, 4]  # 3, 4: the check digit would be 10 · 6, 7: the format rule's · 9: see IDS001-104
    assert broken(ASKED["IDS001-104"], [{"NHSNumber": "0000000000"}, {"NHSNumber": "9990000018"}]) == [0]


def test_a_referral_has_one_primary_complaint() -> None:
    records = """
        row | ServiceRequestId | PresComp | PresCompCodSig
        1   | R1               | F200     | 1
        2   | R1               | F411     | 1
        3   | R1               | F401     | 2
        4   | R2               | F200     | 1
        5   | R2               | F411     | 2
        6   | R3               | F200     |
        7   | R3               | F411     | 2
        8   | R4               | F200     |
        9   |                  | F200     | 1
        10  |                  | F411     | 1
        """
    assert broken_rows("IDS603-103", records) == [1, 2]
    assert broken_rows("IDS603-104", records) == [6, 7]  # 8: the only one, so it is the one


def test_a_diagnosis_goes_with_its_pathway() -> None:
    assert broken_rows(
        "IDS603-109",
        """
        row | IDS101_Pathway | FindSchemeInUse | PresComp  | PresCompCodSig
        1   | 01             | 01              | F20.0     | 1
        2   | 01             | 01              | F319      | 1
        3   | 02             | 01              | F319      | 1
        4   | 03             | 01              | F61X      | 1
        5   | 03             | 01              | F603      | 2
        6   | 04             | 01              | F321      | 1
        7   | 05             | 01              | F412      | 1
        8   | 05             | 01              | F200      | 1
        9   | 05             | 01              | Z630      | 1
        10  | 01             | 04              | 83482000  | 1
        11  |                | 01              | F321      | 1
        12  | 01             | 01              | F319      |
        """,
    ) == [2, 6, 8]  # 7: mixed anxiety and depression is no error · 10: SNOMED CT · 12: not said to be primary


def test_activities_last_no_longer_than_their_contact() -> None:
    records = """
        row | CareContactId | CareActId | ClinContactDurOfCareAct | IDS201_ClinContDurOfCareCont
        1   | C1            | A1        | 40                      | 60
        2   | C1            | A2        | 30                      | 60
        3   | C2            | A3        | 40                      | 60
        4   | C2            | A4        | 20                      | 60
        5   | C3            | A5        | 70                      | 60
        6   | C3            | A6        | 10                      | 60
        7   | C4            | A7        | 50                      |
        8   | C4            | A8        | 50                      |
        9   | C5            | A9        |                         | 60
        10  | C5            | B1        | 60                      | 60
        11  | C6            | B2        | 61                      | 60
        """
    assert broken_rows("IDS202-103", records) == [5, 11]
    assert broken_rows("IDS202-104", records) == [1, 2]  # 5 has a finding of its own; 7, 8: nothing to compare with


def test_a_score_lies_in_the_range_of_its_measure() -> None:
    records = """
        row | CodedAssToolType | PersScore | MissingReason
        1   | 720433000        | 27        |
        2   | 720433000        | 28        |
        3   | 720433000        | -1        |
        4   | 720433000        | NA        |
        5   | 720433000        | NA        | 01
        6   | 720433000        | 1e1       |
        7   | 446826001        | 6.01      |
        8   | 446826001        | 2.333     |
        9   | 1037651000000100 | 8         |
        10  | 1037651000000100 | 0         |
        11  | 747861000000100  | NA        |
        12  | 123456789        | 99        |
        13  |                  | 5         |
        """
    assert broken_rows("IDS606-102", records) == [12]
    assert broken_rows("IDS606-103", records) == [4]  # 6, 8: they do not have the form of a score
    assert broken_rows("IDS606-PersScore-FORMAT", records) == [6, 8]
    assert broken_rows("IDS606-104", records) == [2, 3, 7, 10]
    assert broken_rows("IDS606-105", records) == [9]


def test_spells_overlap_but_a_transfer_and_a_crisis_contact_do_not() -> None:
    assert broken_rows(
        "SMI501-106",
        """
        row | LocalPatientId | ServiceUseId | ServiceUseType | ServiceUseStartDate | ServiceUseEndDate
        1   | P1             | U1           | 01             | 2026-03-01          | 2026-03-10
        2   | P1             | U2           | 01             | 2026-03-10          | 2026-03-20
        3   | P1             | U3           | 02             | 2026-03-05          |
        4   | P1             | U4           | 02             | 2026-03-05          |
        5   | P2             | U5           | 01             | 2026-03-01          |
        6   | P2             | U6           | 01             | 2026-04-01          | 2026-04-02
        7   | P3             | U7           | 01             | 2026-03-05          | 2026-03-06
        8   | P3             | U8           | 01             | 2026-03-01          | 2026-03-31
        """,
    ) == [5, 6, 7, 8]


def test_age_at_referral_is_counted_in_whole_years() -> None:
    records = """
        row | ReferralRequestReceivedDate | IDS001_PersonBirthDate | IDS000_DatSetVer
        1   | 2026-04-02                  | 2010-04-02             | 1.0
        2   | 2026-04-02                  | 2010-04-03             | 1.0
        3   | 2026-04-02                  | 2008-04-03             | 1.0
        4   | 2026-04-02                  | 2008-04-03             | 2.1
        5   | 2026-04-02                  | 2008-04-02             | 1.0
        6   | 2026-04-02                  |                        | 1.0
        7   | 2026-02-28                  | 2008-02-29             | 1.0
        8   | 2026-04-02                  | 2027-01-01             | 1.0
        """
    assert broken_rows("IDS101-128", records) == [2]
    assert broken_rows("IDS101-129", records) == [1, 3]
    # 7: born on 29 February, of age on the 28th, as both engines and the pseudonymised store have it


def test_a_follow_up_comes_after_treatment() -> None:
    assert broken_rows(
        "IDS201-115",
        """
        row | ServiceRequestId | CareContDate | AppType | AttendOrDNACode
        1   | R1               | 2026-04-07   | 06      | 5
        2   | R1               | 2026-04-14   | 02      | 5
        3   | R2               | 2026-04-21   | 06      | 5
        4   | R2               | 2026-04-14   | 02      | 5
        5   | R3               | 2026-04-07   | 06      | 5
        6   | R3               | 2026-04-14   | 02      | 3
        7   | R4               | 2026-04-07   | 06      | 5
        8   | R4               |              | 02      | 5
        9   | R5               | 2026-04-07   | 06      | 5
        """,
    ) == [1]


def test_open_referrals_of_one_pathway_are_one_too_many() -> None:
    assert broken_rows(
        "IDS101-130",
        """
        row | LocalPatientId | ServiceRequestId | Pathway | ServDischDate
        1   | P1             | R1               | 01      |
        2   | P1             | R2               | 01      |
        3   | P1             | R3               | 01      | 2026-04-20
        4   | P1             | R4               | 02      |
        5   | P2             | R5               | 01      |
        6   | P2             | R6               | 01      | 2026-04-20
        7   | P3             | R7               |         |
        8   | P3             | R8               |         |
        9   | P4             | R9               | 01      | not yet
        10  | P4             | S1               | 01      |
        """,
    ) == [1, 2]  # 9: a date that cannot be read is a date, and has a finding of its own
