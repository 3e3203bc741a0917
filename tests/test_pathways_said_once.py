"""What a pathway is stands in one table: its code and its diagnoses stand in no Python and no SQL.

Looked through are all modules and models of schemas, transforms, warehouse, reports and pipelines. Two kinds of text
may name a pathway: examples of rules (``bad``, ``good``, ``also`` and ``apart``, which are specifications), and the
demonstration, whose frequencies by pathway are its own (that it knows every pathway it names is tested here).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from demonstration.calibration import PATHWAYS
from schemas.pathway import pathways

ROOT = Path(__file__).parents[1]
ROOMS = ("schemas", "transforms", "warehouse", "reports", "pipelines")
CODES = {found.code for found in pathways()}
EXAMPLES = {"bad", "good", "also", "apart"}
# Problem descriptors of the national tables, which group diagnoses in their own way.
OTHER_GROUPS = {"problem.sql"}
_CODE = "'0[0-9]'"
# In SQL: a pathway compared with a code, a code that becomes a pathway, a code of ICD-10.
IN_SQL = (
    re.compile(rf"\w*pathway\w*\s*(?:=|<>|!=)\s*{_CODE}", re.IGNORECASE),
    re.compile(rf"\w*pathway\w*\s+(?:not\s+)?in\s*\([^()]*{_CODE}", re.IGNORECASE),
    re.compile(rf"\bcase\b(?:(?!\bcase\b).)*?{_CODE}(?:(?!\bcase\b).)*?\bend\s+as\s+\w*pathway", re.I | re.DOTALL),
    re.compile(rf"{_CODE}\s*\)\s*as\s+\w*pathway", re.IGNORECASE),
    re.compile(r"'\^?F[0-9][0-9\[]"),
)


def said_in_sql(text: str) -> list[str]:
    """What a text of SQL says of pathways, comments left out."""
    code = re.sub(r"--[^\n]*", "", text)
    return [found[0] for pattern in IN_SQL for found in pattern.finditer(code)]


def said_in_python(text: str) -> list[str]:
    """What a module says of pathways: in the SQL of its strings, in comparisons, in its tables by pathway."""
    tree = ast.parse(text)
    found = []
    for node in _outside_examples(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += said_in_sql(node.value)
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            found += [ast.unparse(node)] if len(keys) > 2 and keys <= CODES else []
            pairs = zip(node.keys, node.values, strict=True)
            found += [ast.unparse(value) for key, value in pairs if _names_pathway(key) and _is_code(value)]
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            found += [ast.unparse(node)] if len(node.elts) > 2 and all(map(_is_code, node.elts)) else []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            found += [ast.unparse(node)] if any(map(_names_pathway, sides)) and any(map(_has_code, sides)) else []
    return found


def _outside_examples(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.keyword) and child.arg in EXAMPLES):
            yield from _outside_examples(child)


def _names_pathway(node: ast.AST | None) -> bool:
    return node is not None and "pathway" in ast.unparse(node).lower()


def _is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in CODES


def _has_code(node: ast.AST) -> bool:
    return any(map(_is_code, ast.walk(node)))


@pytest.mark.parametrize("path", [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.sql"))], ids=str)
def test_no_model_names_a_pathway(path: Path) -> None:
    said = said_in_sql(path.read_text(encoding="utf-8"))
    assert [each for each in said if path.name not in OTHER_GROUPS or "F" not in each] == []


@pytest.mark.parametrize("path", [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))], ids=str)
def test_no_module_names_a_pathway(path: Path) -> None:
    assert said_in_python(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "WHERE pathway <> '05'",
        "CASE WHEN r.Pathway IN ('01', '02') THEN r.Pathway END",
        "SELECT CASE WHEN a = '14' THEN '03'\nWHEN a = '12' THEN '04' END AS reason_pathway",
        "coalesce(submitted_pathway, '05') AS pathway",
        "WHEN substr(complaint, 1, 3) BETWEEN 'F20' AND 'F29' THEN 1",
        "PresComp ~ '^F2[0-9].*$'",
    ],
)
def test_a_pathway_named_in_sql_is_found(text: str) -> None:
    assert said_in_sql(text)
    assert said_in_python(f"PREDICATE = {text!r}")


@pytest.mark.parametrize(
    "text",
    [
        "PATHWAYS = ('01', '02', '03', '04', '05')",
        "_OF_PATHWAY = {'01': 'F2', '02': 'F3', '03': 'F6'}",
        "is_talking = pathway == '05'",
        "is_talking = set(service.pathways) != {'05'}",
        "row = {'Pathway': '01'}",
    ],
)
def test_a_pathway_named_in_python_is_found(text: str) -> None:
    assert said_in_python(text)


@pytest.mark.parametrize(
    "text",
    [
        "WHERE employment_status IN ('01', '02')",
        "CASE WHEN medium = '01' THEN 'x' END AS main_medium",
        "WHERE measure_set = 'talking_therapies'",
        "-- pathway = '05'",
    ],
)
def test_codes_of_other_lists_are_not_taken_for_pathways(text: str) -> None:
    assert said_in_sql(text) == []


def test_an_example_of_a_rule_may_name_a_pathway() -> None:
    assert said_in_python("Rule(bad=({'Pathway': '01'},), good=({'Pathway': '05'},))") == []


def test_the_demonstration_knows_no_pathway_that_is_none() -> None:
    assert set(PATHWAYS) <= CODES
