"""What comes back when something is corrected: said in the report, and tried out on the files themselves.

The reference corrects the files and checks them again, without any knowledge of chains or groups.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from random import Random

import polars as pl
import pytest

from pipelines.load import check_path
from reports.site.groups import Group, summarise
from schemas.nhs_number import CHECK_WEIGHTS
from tests.campaign import is_whole
from tests.fixtures.example import example
from transforms.findings import REJECTIONS
from transforms.repair import to_correct
from transforms.submission import SubmissionChecked

Record = dict[str, str | None]
Place = tuple[str, int]
"""A table and the place of a record in it, from 0 on."""

# Of each table of a chain: its key, the field that names the record above, that record's table.
CHAIN = {
    "IDS001": ("LocalPatientId", "", ""),
    "IDS101": ("ServiceRequestId", "LocalPatientId", "IDS001"),
    "IDS201": ("CareContactId", "ServiceRequestId", "IDS101"),
    "IDS202": ("CareActId", "CareContactId", "IDS201"),
    "IDS607": ("", "CareActId", "IDS202"),
}
# Two faults that reject a record of each table, with the rules that find them.
FAULTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "IDS000": (("OrgIDSubmit", "?", "IDS000-OrgIDSubmit-FORMAT"),),
    "IDS001": (
        ("PersonBirthDate", "?", "IDS001-PersonBirthDate-FORMAT"),
        ("OrgIDResidenceResp", "?", "IDS001-OrgIDResidenceResp-FORMAT"),
    ),
    "IDS101": (("OrgIDComm", "?", "IDS101-OrgIDComm-FORMAT"), ("OnsetDate", "?", "IDS101-OnsetDate-FORMAT")),
    "IDS201": (("CareContDate", "?", "IDS201-CareContDate-FORMAT"), ("CareContTime", "?", "IDS201-CareContTime-FORMAT")),
    "IDS202": (("CodeProcAndProcStatus", "?" * 90, "IDS202-CodeProcAndProcStatus-FORMAT"),),
    "IDS607": (("CodedAssToolType", "999999999", "IDS607-102"),),
}  # fmt: skip
SAME_KEY = {"IDS001": "IDS001-101", "IDS101": "IDS101-102", "IDS201": "IDS201-102", "IDS202": "IDS202-102"}
SAME_NUMBER, SAME_SCORE = "IDS001-102", "IDS607-106"
SUBMISSIONS = 1000 if is_whole() else 3


def nhs_number(number: int) -> str:
    """The ``number``-th NHS number of the range that is never issued."""
    for digits in (f"999{candidate:06d}" for candidate in range(number * 10, number * 10 + 10)):
        check = (11 - sum(int(d) * w for d, w in zip(digits, CHECK_WEIGHTS, strict=True)) % 11) % 11
        if check < 10:
            return f"{digits}{check}"
    raise AssertionError(number)


@dataclass
class Broken:
    """A small submission with faults: its records as they should be, and the faults of each."""

    right: dict[str, list[Record]]
    faults: dict[Place, dict[str, str]] = field(default_factory=dict)
    rules: dict[Place, dict[str, str]] = field(default_factory=dict)
    groups: list[tuple[str, tuple[Place, ...]]] = field(default_factory=list)

    def wrong(self) -> dict[str, list[Record]]:
        return {
            table: [record | self.faults.get((table, place), {}) for place, record in enumerate(records)]
            for table, records in self.right.items()
        }

    def with_records_corrected(self, corrected: Iterable[Place]) -> dict[str, list[Record]]:
        """Each record of ``corrected`` without its faults, and with a value of its own where it shared one."""
        chosen, records = set(corrected), self.wrong()
        for table, place in chosen:
            records[table][place] = dict(self.right[table][place])
        for rule, members in self.groups:
            leaving = [place for place in members if place in chosen]
            if set(leaving) == set(members):
                leaving = leaving[1:]
            self._apart(rule, leaving, records)
        return records

    def with_rules_satisfied(self, satisfied: Iterable[str]) -> dict[str, list[Record]]:
        """Every record without the faults that the rules find."""
        chosen = set(satisfied)
        records = {table: [dict(record) for record in found] for table, found in self.right.items()}
        for (table, place), values in self.faults.items():
            names = self.rules[table, place]
            records[table][place] |= {name: wrong for name, wrong in values.items() if names[name] not in chosen}
        for rule, members in self.groups:
            if rule in chosen:
                self._apart(rule, members[1:], records)
        return records

    def _apart(self, rule: str, members: Iterable[Place], records: Mapping[str, list[Record]]) -> None:
        for table, place in members:
            if rule == SAME_NUMBER:
                records[table][place]["NHSNumber"] = nhs_number(500 + place)
            elif rule == SAME_SCORE:
                records[table][place]["PersScore"] = str(10 + place)
            else:
                records[table][place][CHAIN[table][0]] = f"N{place}"


def drawn(random: Random) -> Broken:
    """A few people with what belongs to them, and one to six faults of any kind."""
    right: dict[str, list[Record]] = {"IDS000": [{}]}
    for table, (key, named, parent) in CHAIN.items():
        right[table] = []
        for place in range(random.randint(2, 4)):
            own: Record = {key: f"{table}{place}"} if key else {}
            above: Record = {named: f"{parent}{random.randrange(len(right[parent]))}"} if named else {}
            number: Record = {"NHSNumber": nhs_number(place)} if table == "IDS001" else {}
            score: Record = {"PersScore": str(place)} if table == "IDS607" else {}
            right[table].append(own | above | number | score)
    broken = Broken(right)
    for _ in range(random.randint(1, 4)):
        table = random.choice([*CHAIN, *CHAIN, "IDS000"])
        place = random.randrange(len(right[table]))
        for name, wrong, rule in random.sample(FAULTS[table], random.randint(1, len(FAULTS[table]))):
            broken.faults.setdefault((table, place), {})[name] = wrong
            broken.rules.setdefault((table, place), {})[name] = rule
    for _ in range(random.randint(0, 2)):
        _sharing(broken, random)
    return broken


def _sharing(broken: Broken, random: Random) -> None:
    """Copies of a record, or two people with one NHS number."""
    table = random.choice(list(CHAIN))
    if any(members[0][0] == table for _, members in broken.groups):
        return
    records = broken.right[table]
    place = random.randrange(len(records))
    if table == "IDS607" and (table, place) in broken.faults:
        return  # another measure: the scores are not the same until it is corrected
    if table == "IDS001" and random.random() < 0.5:
        other = (place + 1) % len(records)
        records[other]["NHSNumber"] = records[place]["NHSNumber"]
        broken.groups.append((SAME_NUMBER, tuple(sorted([(table, place), (table, other)]))))
        return
    members = [(table, place)]
    for _ in range(random.randint(1, 2)):
        records.append(dict(records[place]))
        if table == "IDS001":
            records[-1]["NHSNumber"] = nhs_number(100 + len(records))
        elif table != "IDS607" and random.random() < 0.5:  # under another parent
            _, named, parent = CHAIN[table]
            records[-1][named] = random.choice(broken.right[parent])[CHAIN[parent][0]]
        members.append((table, len(records) - 1))
    broken.groups.append((SAME_KEY.get(table, SAME_SCORE), tuple(members)))


def checked(folder: Path, records: Mapping[str, list[Record]]) -> SubmissionChecked:
    header = ("IDS000", 0, records["IDS000"][0])
    return check_path(
        example(folder, header, only={name: rows for name, rows in records.items() if name != "IDS000"})
    )


def rejected(found: SubmissionChecked) -> int:
    """Records rejected, whether or not the whole file is."""
    return sum(len(table.rejected) for table in found.tables.values())


def rejected_with_file(found: SubmissionChecked) -> int:
    return sum(counts["rejected"] for counts in found.counts().values())


def roots(found: SubmissionChecked) -> list[Place]:
    own = found.findings.filter(
        pl.col("effect").is_in(REJECTIONS) & pl.col("cause_row").is_null() & pl.col("row_number").is_not_null()
    )
    return [(table, row - 2) for table, row in sorted(set(own.select("table", "row_number").rows()))]


@pytest.mark.parametrize("seed", range(SUBMISSIONS))
def test_what_returns_is_what_a_corrected_file_gets(tmp_path: Path, seed: int) -> None:
    broken = drawn(Random(seed))
    found = checked(tmp_path, broken.wrong())
    before, named = rejected(found), to_correct(found.findings, found.links).rows()
    places = [(table, row - 2) for table, row, *_ in named]
    so_far = []
    for number, place in enumerate(places):
        alone = checked(tmp_path, broken.with_records_corrected([place]))
        assert before - rejected(alone) == named[number][2], place
        so_far.append(before - rejected(checked(tmp_path, broken.with_records_corrected(places[: number + 1]))))
    assert so_far == [row[3] for row in named]
    assert (so_far or [0])[-1] == before, "the set brings all back"
    fewer = list(combinations(roots(found), len(places) - 1)) if places else []
    for some in Random(seed).sample(fewer, min(len(fewer), 6)):
        assert rejected(checked(tmp_path, broken.with_records_corrected(some))), "no smaller set does"


@pytest.mark.parametrize("seed", range(SUBMISSIONS))
def test_what_a_rule_brings_back_is_what_a_corrected_file_gets(tmp_path: Path, seed: int) -> None:
    broken = drawn(Random(seed))
    found = checked(tmp_path, broken.wrong())
    said = said_of_rules(found)
    assert said == tried_by_rule(tmp_path, broken, found)
    assert said[-1][-1] == rejected_with_file(found), "all rules together bring all back"


ONE_PERSON: dict[str, list[Record]] = {
    "IDS000": [{}],
    "IDS001": [{"LocalPatientId": "P0"}],
    "IDS101": [{"ServiceRequestId": "R0", "LocalPatientId": "P0"}],
}
SUBMITTER, BORN, MID_MONTH = (
    ("IDS000", "OrgIDSubmit", "?", "IDS000-OrgIDSubmit-FORMAT"),
    ("IDS001", "PersonBirthDate", "?", "IDS001-PersonBirthDate-FORMAT"),
    ("IDS000", "ReportingPeriodEndDate", "2026-04-29", "GATE-PERIOD"),
)
ONSET = ("IDS101", "OnsetDate", "?", "IDS101-OnsetDate-FORMAT")


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        pytest.param([SUBMITTER], [(0, 0), (3, 3)], id="the header"),
        pytest.param([BORN], [(0, 0), (3, 3)], id="all but the header"),
        pytest.param([SUBMITTER, ONSET], [(0, 0), (2, 2), (1, 3)], id="the header and some"),
        # Correcting the header leaves a file without a record that counts: it is still rejected.
        pytest.param([SUBMITTER, BORN], [(0, 0), (0, 0), (3, 3)], id="the header and all others"),
        pytest.param([MID_MONTH, BORN], [(0, 0), (3, 3)], id="the period and all others"),
        # The gate does not say that the header cannot be used while it rejects the file for something else.
        pytest.param([MID_MONTH, SUBMITTER], [(0, 0), (0, 3)], id="the period and the header"),
    ],
)
def test_a_file_is_accepted_once_its_header_and_another_record_count(
    tmp_path: Path, faults: list[tuple[str, str, str, str]], expected: list[tuple[int, int]]
) -> None:
    broken = Broken(ONE_PERSON)
    for table, name, wrong, rule in faults:
        broken.faults.setdefault((table, 0), {})[name] = wrong
        broken.rules.setdefault((table, 0), {})[name] = rule
    found = checked(tmp_path, broken.wrong())
    said = said_of_rules(found)
    assert said == tried_by_rule(tmp_path, broken, found)
    assert [counts for _, *counts in said] == [list(counts) for counts in expected]
    assert said[-1][-1] == rejected_with_file(found), "all rules together bring all back"


Returned = tuple[str, int, int]
"""A rule, the rows that count again when it alone is satisfied, and when all rules before it are too."""


def rejecting(found: SubmissionChecked) -> list[Group]:
    return [each for each in summarise(found).groups if each.rule.effect.is_rejection]


def said_of_rules(found: SubmissionChecked) -> list[Returned]:
    """What the report says of each rejecting rule."""
    return [(each.rule.id, each.returns_alone, each.returns_so_far) for each in rejecting(found)]


def tried_by_rule(folder: Path, broken: Broken, found: SubmissionChecked) -> list[Returned]:
    """What comes back when the file is corrected, rule by rule; a rule alone in a file not rejected for another."""
    groups = rejecting(found)
    of_file = {each.rule.id for each in groups if each.table == "IDS000"} if found.is_file_rejected else set()
    satisfied, tried = set[str](), list[Returned]()

    def left(rules: set[str]) -> int:
        return rejected_with_file(checked(folder, broken.with_rules_satisfied(rules)))

    for rule_id in (each.rule.id for each in groups):
        satisfied.add(rule_id)
        given = of_file if rule_id not in of_file else set[str]()
        start = left(given) if given else rejected_with_file(found)
        tried.append((rule_id, start - left({*given, rule_id}), rejected_with_file(found) - left(satisfied)))
    return tried
