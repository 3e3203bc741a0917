"""The corpus: every deliberately broken submission comes to what ``corpus/expected.csv`` says.

Written anew with ``python -m tests.corpus.write`` after a change of rules; its diff is what is then read and judged.
"""

import re
from pathlib import Path

import pytest

from pipelines.load import check_path
from pipelines.verdict import state_of
from schemas.generated import Kind
from schemas.ruleset import RETIRED, ruleset
from schemas.versions import Version
from tests.campaign import one_of_each
from tests.corpus import Case, came_to, cases, expected
from tests.corpus.by_rule import APRIL

CASES = list(cases())
EXPECTED = expected()


def kind_of(case: Case) -> str:
    """Generated rules of one table, kind and outcome are one: they differ by element. All else is its own kind."""
    found = re.fullmatch(rf"rule (\w+)-\w+-({'|'.join(Kind)})", case.name)
    line = EXPECTED.get(case.name)
    return " ".join((*found.groups(), line["outcome"])) if found and line else case.name


SAMPLED = one_of_each("broken submissions", CASES, kind_of)
IN_FORCE = ruleset(Version.SMI_1_0, *APRIL)


@pytest.mark.parametrize("case", SAMPLED, ids=lambda case: case.name)
def test_a_broken_submission_has_the_expected_findings(tmp_path: Path, case: Case) -> None:
    checked = check_path(case.write(tmp_path))
    assert came_to(case, checked, state_of(checked).value) == EXPECTED[case.name]
    for table, counts in checked.counts().items():
        assert counts["rows_in"] == counts["accepted"] + counts["rejected"], table


def test_every_line_of_the_table_has_its_case() -> None:
    assert [case.name for case in CASES] == list(EXPECTED)
    assert len(CASES) >= 120


def test_every_rule_in_force_has_a_case_that_would_fail_without_it() -> None:
    found = {part.split("×")[0].split("@")[0] for line in EXPECTED.values() for part in line["findings"].split()}
    assert sorted(set(IN_FORCE) - found) == ["GATE-LIMIT-PROCESS"]  # of no file: tests/pipelines/test_apart.py
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
