"""Rules in a release: what each found in its submissions, and which found otherwise in a file that changed."""

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from schemas.dataset import TABLES as DATASET
from schemas.national_rules import FOUND, national_rules
from schemas.rule import Effect
from schemas.ruleset import RETIRED, WRITTEN, ruleset
from schemas.versions import Version
from tests.fixtures.small_release import small_release
from tests.fixtures.warehouse import APRIL, ask
from warehouse.disclosure.parts import DATABASE, PUBLIC_DATABASE, public_files
from warehouse.history.causes import Cause, InputChange, Submission
from warehouse.models import read_sql
from warehouse.rules import COUNTS, TABLES, Judged, ListedRule, found_otherwise, note_rules

SHARED = Path(__file__).parents[3] / "shared"
MAY = date(2025, 5, 1)
SUBMISSIONS = [
    ("RA", APRIL, "a1", "r1 key"),
    ("RA", MAY, "a2", "r1 erased-1 key"),
    ("RB", APRIL, "b1", "r2 key"),  # its verdict under r1 is an earlier one
    ("RB", MAY, "b2", None),  # made before versions were noted
    ("RC", APRIL, "c1", "r1 key"),  # nothing was found
]
FINDINGS = {
    ("a1", "r1"): {"X-REJECTS": 3, "X-WARNS": 5},
    ("a2", "r1"): {"X-REJECTS": 4},
    ("b1", "r1"): {"X-REJECTS": 100},
    ("b1", "r2"): {"X-GONE": 2},
    ("b2", ""): {"X-WARNS": 1},
    ("c1", "r1"): {},
    ("z9", "r1"): {"X-REJECTS": 100},  # not in this release
}


def test_each_rule_has_the_counts_of_the_verdicts_by_which_the_rows_were_made() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA core; CREATE SCHEMA meta")
        con.execute(
            "CREATE TABLE core.submission (provider VARCHAR, month DATE, submission_id VARCHAR, made_with VARCHAR)"
        )
        con.executemany("INSERT INTO core.submission VALUES (?, ?, ?, ?)", SUBMISSIONS)
        for model in TABLES:
            con.execute(read_sql(model))
        listed = [ListedRule(rule, effect="any") for rule in ("X-WARNS", "X-REJECTS", "X-NEVER")] + [
            ListedRule("X-OLD")
        ]
        note_rules(con, Judged(listed, frozenset({"X-REJECTS", "X-NEVER"}), FINDINGS))
        rules = con.execute(
            "SELECT rule, is_retired, submissions, findings, records_rejected FROM meta.rule"
        ).fetchall()
        found = con.execute("SELECT provider, month, rule, findings, records_rejected FROM meta.rule_finding")
        by_month = found.fetchall()
    assert sorted(rules) == [
        ("X-GONE", True, 1, 2, 0), ("X-NEVER", False, 0, 0, 0), ("X-OLD", True, 0, 0, 0),
        ("X-REJECTS", False, 2, 7, 7), ("X-WARNS", False, 2, 6, 0),
    ]  # fmt: skip
    assert sorted(by_month) == [
        ("RA", APRIL, "X-REJECTS", 3, 3), ("RA", APRIL, "X-WARNS", 5, 0), ("RA", MAY, "X-REJECTS", 4, 4),
        ("RB", APRIL, "X-GONE", 2, 0), ("RB", MAY, "X-WARNS", 1, 0),
    ]  # fmt: skip


CHANGE = InputChange("RA", APRIL, (Cause.RESUBMISSION,), Submission("a1", 9, "r1 k"), Submission("a2", 9, "r1 k"))


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (CHANGE, [("X-REJECTS", 3, 4), ("X-WARNS", 5, 0)]),
        (replace(CHANGE, after=CHANGE.before), []),
        (replace(CHANGE, after=None), []),
        (replace(CHANGE, before=None), []),
        (replace(CHANGE, after=Submission("unknown", 9, None)), [("X-REJECTS", 3, 0), ("X-WARNS", 5, 0)]),
        (replace(CHANGE, causes=(Cause.RESUBMISSION, Cause.ERASURE)), []),
    ],
    ids=["resubmitted", "the same", "withdrawn", "new", "without a verdict", "after an erasure"],
)  # fmt: skip
def test_rules_that_found_otherwise_are_named(change: InputChange, rules: list[tuple[str, int, int]]) -> None:
    said = found_otherwise(change, FINDINGS)
    assert [(each["rule"], each["before"], each["after"]) for each in said] == rules


def test_a_release_lists_every_rule_and_the_public_file_no_count() -> None:
    folder = small_release().folder
    listed = dict(ask(folder / DATABASE, "SELECT rule, effect FROM meta.rule"))
    assert {rule.id: rule.effect.value for rule in WRITTEN}.items() <= listed.items()
    assert {listed[rule] for rule in (*RETIRED, "IDS999-101")} == {None}
    assert ask(
        folder / DATABASE, "SELECT rule, effect, findings, records_rejected FROM meta.rule WHERE findings > 0"
    ) == [("IDS101-105", "warning", 3, 0), ("IDS101-106", "record rejected", 2, 2), ("IDS999-101", None, 4, 0)]
    assert ask(
        folder / DATABASE,
        "SELECT since, level, table_id, elements, message, national_rules FROM meta.rule WHERE rule = 'IDS101-106'",
    ) == [
        (
            "2.0", "record", "IDS101", "ServDischDate ReferralRequestReceivedDate",
            "The discharge date «…» is before the referral was received («…»).", "MHS10128",
        )
    ]  # fmt: skip
    without = f"SELECT * EXCLUDE ({', '.join(COUNTS)}) FROM meta.rule ORDER BY ALL"
    assert ask(folder / PUBLIC_DATABASE, "FROM meta.rule ORDER BY ALL") == ask(folder / DATABASE, without)
    assert ask(folder / PUBLIC_DATABASE, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'rule_finding'") == [(0,)]  # fmt: skip
    assert not [path for path in public_files(folder) if "rule_finding" in path.name]


def test_a_rule_is_in_force_since_the_version_that_has_its_elements() -> None:
    said = ask(
        small_release().folder / DATABASE,
        "SELECT rule, since, until FROM meta.rule WHERE rule IN ('GATE-EMPTY', 'IDS001-PersonBirthDate-BLANK', "
        "'IDS101-SourceOfReferralMH-CODE', 'IDS101-127', 'SMI203-CASCADE') ORDER BY rule",
    )
    assert said == [
        ("GATE-EMPTY", "2.0", None), ("IDS001-PersonBirthDate-BLANK", "2.1", None), ("IDS101-127", "2.0", None),
        ("IDS101-SourceOfReferralMH-CODE", "2.0", "2.0"), ("SMI203-CASCADE", "1.0", None),
    ]  # fmt: skip


def test_national_rules_are_named_for_rules_that_are_in_force() -> None:
    in_force = {rule for version in Version for rule in ruleset(version, date(2026, 4, 1), date(2026, 4, 30))}
    assert national_rules().keys() <= in_force and len(national_rules()) > 150
    assert [each.id for each in national_rules()["IDS001-107"]] == ["MHS00118", "MHS00119"]
    assert [each.said for each in national_rules()["IDS101-ServDischDate-FORMAT"]] == ["MHS10127 (MHSDS 6.0)"]
    assert "IDS101-130" not in national_rules() and "GATE-EMPTY" not in national_rules()


def test_every_national_rule_is_in_the_published_list_and_of_the_same_element() -> None:
    path = SHARED / "domain" / "mhsds_v6_0_validation_rules.csv"
    if not path.is_file():
        pytest.skip("the published list of rules is not here")
    with path.open(encoding="utf-8-sig") as file:
        published = {row["Error Code"]: row for row in csv.DictReader(file)}
    for rule_id, national in national_rules().items():
        for each in national:
            assert each.id in published, rule_id
            if each.confidence == FOUND:  # blank, format or code of an element, by its name in both datasets
                field = DATASET[rule_id[:6]].by_name[rule_id.split("-")[1]]
                names = {name.lower() for name in (field.name, *field.aliases)} | {f"{field.name}ider".lower()}
                assert published[each.id]["XML ELEMENT NAME"].lower() in names, rule_id


def test_each_national_rule_says_how_sure_we_are_and_of_which_version_it_is() -> None:
    assert {each.confidence for found in national_rules().values() for each in found} == {"F", "R"}
    assert {(each.dataset, each.version) for found in national_rules().values() for each in found} == {
        ("MHSDS", "6.0")
    }


def test_rules_reject_alike_in_every_version_of_the_dataset() -> None:
    """Else the effect would have to stand beside each finding (decision 0050)."""
    effects: dict[str, set[Effect]] = {}
    for version in Version:
        for rule in ruleset(version, APRIL, date(2025, 4, 30)).values():
            effects.setdefault(rule.id, set()).add(rule.effect)
    assert len(effects) > 500 and {rule for rule, found in effects.items() if len(found) > 1} == set()
