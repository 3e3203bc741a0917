"""The corpus: every deliberately broken submission comes to what ``corpus/expected.csv`` says.

Written anew with ``python -m tests.corpus.write`` after a change of rules; its diff is what is then read and judged.
"""

import json
import re
from pathlib import Path

import pytest

from demonstration.conformance.gate import NO_CASE
from pipelines import apart
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import check_path
from pipelines.verdict import state_of
from pipelines.worker import ENV_MEMORY
from pipelines.zones import zones
from reports.site.report import as_json
from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.generated import Kind
from schemas.ruleset import RETIRED, ruleset
from schemas.versions import Version
from tests.campaign import is_whole, one_of_each
from tests.corpus import Case, came_to, cases, expected, hostile_cases
from tests.corpus.by_rule import APRIL

CASES = list(cases())
EXPECTED = expected()


def kind_of(case: Case) -> str:
    """Generated rules of one kind and outcome are one: they differ by table and element. So are written rules of one
    table that come to the same outcome, alone or with others: each is asked by ``tests/schemas`` beside its limits,
    and by the conformance pack. So are hostile files of one family that come to the same. All else is its own kind.
    """
    line = EXPECTED.get(case.name)
    if line is None:
        return case.name
    if re.fullmatch(r"rule ((GATE|CAUSE)-.*|.*-CASCADE)", case.name):  # each is asked of the pack too
        return " ".join(("of the pack", line["outcome"]))
    if found := re.fullmatch(r"rule (\w+)-(?:\w+-)?(\w+)", case.name):
        table, kind = found.groups()
        if kind in set(Kind):
            return " ".join((kind, line["outcome"]))
        alone = re.fullmatch(rf"{table}-{kind}×[0-9]+\S*", line["findings"])
        return " ".join((table, line["outcome"], "alone" if alone else "with others"))
    return " ".join((case.name.split()[0], line["outcome"], re.sub("×[0-9]+", "", line["findings"])))


HOSTILE = {case.name for case in hostile_cases()}
SAMPLED = one_of_each("broken submissions", CASES, kind_of)
SAMPLED_HOSTILE = [case for case in SAMPLED if case.name in HOSTILE]
# Of the example's people, and what hostile files have planted in them.
NOBODYS_BUSINESS = {
    *(str(record[name]) for record in example_records(TABLES["IDS001"]) for name in ("NHSNumber", "Postcode")),
    "9990000018", "999 000 0018", "Jane Doe", "LA1 4YW", "1980-06-15", "jane.doe",
} - {"None"}  # fmt: skip
IN_FORCE = ruleset(Version.SMI_1_0, *APRIL)


@pytest.mark.parametrize("case", [c for c in SAMPLED if c.name not in HOSTILE], ids=lambda case: case.name)
def test_a_broken_submission_has_the_expected_findings(tmp_path: Path, case: Case) -> None:
    line, tables, _ = judged(case.name, case.write(tmp_path))
    assert line == EXPECTED[case.name]
    for table, counts in tables.items():
        assert counts["rows_in"] == counts["accepted"] + counts["rejected"], table


def judged(name: str, path: Path) -> tuple[dict[str, str], dict[str, dict[str, int]], str]:
    """The line of a case, its counts, and all that a site is told of it."""
    checked = check_path(path)
    state = state_of(checked).value
    told = json.dumps(as_json(checked, state), ensure_ascii=False, default=str)
    return came_to(name, checked, state), checked.counts(), told


@pytest.mark.parametrize("case", SAMPLED_HOSTILE, ids=lambda case: case.name)
def test_a_hostile_file_comes_to_what_is_expected_in_little_memory_and_nobody_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    """In the process that a load and a check read it in. How long each takes: ``python -m benchmarks.corpus``."""
    monkeypatch.setenv(ENV_MEMORY, "512")
    line, tables, told = apart.worker.run(judged, case.name, case.write(tmp_path))
    assert line == EXPECTED[case.name]
    for table, counts in tables.items():
        assert counts["rows_in"] == counts["accepted"] + counts["rejected"], table
    assert [value for value in NOBODYS_BUSINESS if value in told] == []


@pytest.mark.parametrize(
    "case", SAMPLED_HOSTILE if is_whole() else SAMPLED_HOSTILE[::12], ids=lambda case: case.name
)
def test_a_load_of_a_hostile_file_comes_to_what_a_check_says(tmp_path: Path, home: Path, case: Case) -> None:
    found = zones()
    loaded = apart.load(case.write(tmp_path), found, open_ledger(found.ledger), spine_key())
    assert loaded.verdict.state.value == EXPECTED[case.name]["outcome"]
    assert sorted(path.name[0] for path in found.received.iterdir()) == [loaded.receipt.submission_id[0]]


def test_every_line_of_the_table_has_its_case() -> None:
    assert [case.name for case in CASES] == list(EXPECTED)
    assert len(CASES) >= 120
    assert len(HOSTILE) >= 300


def test_every_rule_in_force_has_a_case_that_would_fail_without_it() -> None:
    found = {part.split("×")[0].split("@")[0] for line in EXPECTED.values() for part in line["findings"].split()}
    # Of no file that is the same on every machine: tests/pipelines/test_apart.py, tests/transforms/test_convert.py.
    assert set(IN_FORCE) - found == {"CAUSE-DATES-COMPACT", "GATE-DATABASE", "GATE-LIMIT-PROCESS"} <= set(NO_CASE)
    assert sorted(found - set(IN_FORCE)) == []
    assert len(IN_FORCE) >= 150
    assert not RETIRED & set(IN_FORCE)


@pytest.mark.parametrize("rule_id", [id_ for id_, rule in IN_FORCE.items() if rule.bad])
def test_a_rules_own_case_breaks_it_and_has_its_effect(rule_id: str) -> None:
    line = EXPECTED[f"rule {rule_id}"]
    assert any(part.startswith(f"{rule_id}×") for part in line["findings"].split())
    if IN_FORCE[rule_id].effect.is_rejection:
        assert line["outcome"] in ("file rejected", "accepted with rejections")
        assert int(line["rejected"]) > 0
