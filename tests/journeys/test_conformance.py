"""The conformance pack: every rule has cases that do what they are for, and fires alone where that is possible.

``demonstration/conformance/beside.csv`` has what a case needs beside its rule's example. If a case here fails after a
change of rules, ``python -m tests.conformance RULE …`` searches anew.
"""

import csv
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demonstration.conformance.cases import Kind
from demonstration.conformance.causes import cause_cases
from demonstration.conformance.gate import NO_CASE, gate_cases
from pipelines.conformance import EXAMPLE, Came, Try, figures, pack, write_pack
from pipelines.load import check_path
from schemas.dataset import TABLES
from schemas.gate import GATE
from schemas.links import TOOL
from tests.campaign import examples, is_whole, one_of_each
from tests.fixtures.rule import ASKED, IN_FORCE, agreed, frame, pools_of

PACK = pack()

# Whatever breaks the rule breaks another one too, so that no record can have that finding alone: each with the other.
NEVER_ALONE: Mapping[str, tuple[str, ...]] = {
    "IDS000-OrgIDProv-FORMAT": ("IDS000-105",),  # or the other code has no form either
    "IDS000-OrgIDSubmit-FORMAT": ("IDS000-105",),
    "IDS001-LocalPatientId-BLANK": ("IDS001-116", "IDS001-117"),
    "IDS001-NHSNumber-BLANK": ("IDS001-107",),  # or IDS001-106: the status says why a number is missing
    "IDS001-106": ("IDS001-NHSNumber-BLANK",),
    "IDS001-107": ("IDS001-NHSNumber-BLANK",),
    "IDS201-ClinContDurOfCareCont-RANGE": ("IDS201-110",),
    "IDS606-CodedAssToolType-FORMAT": ("IDS606-102",),
    "IDS607-CodedAssToolType-FORMAT": ("IDS607-102",),
    "SMI608-QuestionCode-FORMAT": ("SMI608-102",),
    "SMI608-Answer-CODE": ("SMI608-103",),  # or the question is none (SMI608-102)
}


def came(each: Try, folder: Path) -> Came:
    path = folder / Path(each.file).name
    path.write_bytes(each.content)
    return Came.of(check_path(path))


def alike(each: Try) -> str:
    """Generated rules of one kind are one. So are written rules that have one effect, and rules of the gate."""
    kind = each.rule.id.rpartition("-")[2].rstrip("0123456789")
    return " ".join((kind or each.rule.effect.value, each.kind) if each.rule.table else ("gate", each.kind))


SAMPLED = one_of_each("cases of the conformance pack", [each for each in PACK if each.file != EXAMPLE], alike)


@pytest.mark.parametrize("each", SAMPLED, ids=lambda each: f"{each.rule.id} {each.kind}")
def test_a_case_does_what_it_is_for(tmp_path: Path, each: Try) -> None:
    found = came(each, tmp_path)
    fired = {rule for rule, *_ in found.findings}
    assert (each.rule.id in fired) == each.kind.fires
    if each.kind is Kind.PASSES:
        assert found.findings == []  # no rule contradicts it: all others are satisfied too
    if each.kind is Kind.FIRES and each.rule.id in ASKED:
        _, in_record = found.others(each.rule.id)
        assert tuple(in_record) == NEVER_ALONE.get(each.rule.id, ())


def test_the_example_breaks_no_rule(tmp_path: Path) -> None:
    example = next(each for each in PACK if each.file == EXAMPLE)
    assert came(example, tmp_path).findings == []


def test_every_rule_in_force_has_a_case_that_fires_and_one_that_passes() -> None:
    has = {kind: {each.rule.id for each in PACK if each.kind is kind} for kind in Kind}
    assert set(IN_FORCE) - has[Kind.FIRES] == set(NO_CASE) == set(IN_FORCE) - has[Kind.PASSES]
    assert set(gate_cases()) | set(cause_cases()) | set(NO_CASE) >= set(GATE)
    assert has[Kind.LAST] | has[Kind.FIRST] <= has[Kind.FIRES]
    written = {rule_id for rule_id in has[Kind.LAST] if rule_id.rpartition("-")[2].isdigit()}
    assert len(written) >= 50  # all that compare dates or numbers
    files = {each.file: each.holds for each in PACK}
    assert all(files[each.file] == each.holds for each in PACK)  # no two cases want the same file for themselves


@pytest.mark.parametrize("rule_id", [each for each in NEVER_ALONE if ASKED[each].related == ()])
@settings(max_examples=examples(2), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_never_alone_is_implied_by_what_it_says(rule_id: str, data: st.DataObject) -> None:
    """Random records: whenever the rule fires on one, another rule of its table fires on it too."""
    rule, table = ASKED[rule_id], TABLES[ASKED[rule_id].table]
    rules = [each for each in ASKED.values() if each.table == rule.table]
    pools = {name: values for name, values in pools_of(table, rules).items() if not name.startswith(TOOL)}
    row = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in pools.items()})
    wrong = st.sampled_from(list(pools[rule.fields[0]]))
    records = [
        own | {rule.fields[0]: data.draw(wrong)} for own in data.draw(st.lists(row, min_size=1, max_size=5))
    ] + [dict(rule.bad[0])]
    asked = [each for each in rules if not each.group_by]
    found = agreed(table, asked, frame(table, asked, records))
    others = {place for other, places in found.items() if other != rule_id for place in places}
    assert set(found[rule_id]) <= others


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of a few rules: one of each kind of case, a cause, and an archive that is none."""
    out = tmp_path_factory.mktemp("pack") / "out"
    few = [each for each in PACK if each.rule.id in ("IDS201-105", "IDS201-106", "CAUSE-ZEROS-LOST", "GATE-ZIP")]
    assert {each.kind for each in few} == set(Kind)
    with pytest.MonkeyPatch.context() as patched:
        if not is_whole():  # to plan and count all of them takes two seconds more
            patched.setattr(figures, "MEASURES", ("REFERRALS", "MEAN_WAIT_TREATMENT"))
        write_pack(few, out, lambda: None)
    return out


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_pack_says_of_each_file_what_it_comes_to(written: Path) -> None:
    cases = {(row["rule_id"], row["case"]): row for row in table(written / "cases.csv")}
    findings, outcomes = table(written / "expected" / "findings.csv"), table(written / "expected" / "outcomes.csv")
    for row in cases.values():
        found = [each for each in findings if each["file"] == row["file"]]
        assert (row["rule_id"] in {each["rule_id"] for each in found}) == (row["must_fire"] == "yes")
        assert {each["outcome"] for each in outcomes if each["file"] == row["file"]} == {row["outcome"]}
        assert (written / row["file"]).is_file()
    assert cases["IDS201-105", "fires"]["alone"] == "yes"
    assert cases["GATE-ZIP", "fires"]["outcome"] == "file rejected"
    one_day = [
        row for row in table(written / "changes.csv") if row["file"] == cases["IDS201-105", "last-passes"]["file"]
    ]
    day = next(row for row in one_day if row["element"] == "CareContDate")
    assert (day["table"], day["row"], day["value"]) == ("IDS201CareContact", "2", "2026-04-15")
    page = (written / "README.md").read_text(encoding="utf-8")
    assert "$" not in page
    assert all((written / name).exists() for name in re.findall(r"^\| `([\w-]+[./][\w./-]*)`", page, re.M))


def test_the_figures_of_a_pack_add_up_from_the_records_behind_them(written: Path) -> None:
    worked = table(written / "expected" / "figures-worked.csv")
    for figure in table(written / "expected" / "figures.csv"):
        rows = [
            row
            for row in worked
            if row["measure"] == figure["measure"] and figure["pathway"] in ("all", row["pathway"])
        ]
        counted = [row for row in rows if row["in_denominator"] == "yes"]
        assert sum(int(row["adds"]) for row in counted) == int(figure["numerator"] or 0), figure
        if figure["denominator"]:
            assert len(counted) == int(figure["denominator"]), figure
    assert len({row["measure"] for row in worked}) == (8 if is_whole() else 2)
