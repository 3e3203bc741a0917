"""What nobody uses is gone: every name that a room defines, and every column of its files, is read in a room.

Tests do not count: what only a test calls is weight, and the test holds nothing that anybody relies on.
"""

import ast
import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.zones import PROJECT

ROOMS = sorted(
    path.parent for path in PROJECT.glob("*/__init__.py") if path.parent.name not in ("tests", "benchmarks")
)
# No code here calls them: they are for people who use Parity from Python, or Dagster calls them by their names.
OFFERED = {
    "schemas/contract.py: contract_of",
    "pipelines/resources.py: Parity.setup_for_execution",
    "pipelines/dagster_storage.py: Storage.config_type",
    "pipelines/dagster_storage.py: Storage.from_config_value",
    "pipelines/resources.py: Draft.yield_for_execution",
    "pipelines/launcher.py: Launcher.check_run_worker_health",
    "pipelines/event_log.py: _Line.format",
    "pipelines/event_log.py: _File._open",
    "pipelines/event_log.py: _File.handleError",
    "pipelines/event_log.py: _Stream.handleError",
    "telling/channels.py: _NoRedirect.redirect_request",
}
Definition = tuple[str, str]  # qualified name, name


def sources(rooms: list[Path], *endings: str) -> Iterator[Path]:
    return (path for room in rooms for path in sorted(room.rglob("*")) if path.suffix in endings)


def defined(body: list[ast.stmt], within: str = "") -> Iterator[Definition]:
    """Functions, classes, methods, fields and constants; what a framework registers by a decorator is called by it."""
    for each in body:
        if isinstance(each, ast.FunctionDef | ast.ClassDef) and not registered(each):
            yield f"{within}{each.name}", each.name
        if isinstance(each, ast.ClassDef):
            yield from defined(each.body, f"{within}{each.name}.")
        targets = (
            each.targets
            if isinstance(each, ast.Assign)
            else [each.target]
            if isinstance(each, ast.AnnAssign)
            else []
        )
        yield from ((f"{within}{target.id}", target.id) for target in targets if isinstance(target, ast.Name))


def registered(each: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether a decorator hands it to a framework, such as ``@app.command`` or ``@dg.asset(...)``."""
    called = (dec.func if isinstance(dec, ast.Call) else dec for dec in each.decorator_list)
    return any(isinstance(dec, ast.Attribute) and isinstance(dec.value, ast.Name) for dec in called)


def read(tree: ast.AST) -> Iterator[str]:
    """Names that code reads: as a name, as an attribute, or spelt out in a string for ``getattr`` and the like.

    ``Version.*`` stands for every member of an enumeration that a loop goes through.
    """
    for each in ast.walk(tree):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
            yield each.id
        elif isinstance(each, ast.Attribute):
            yield each.attr
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value
        elif isinstance(each, ast.For | ast.comprehension) and isinstance(each.iter, ast.Name):
            yield f"{each.iter.id}.*"


def unused(rooms: list[Path], *users: Path) -> list[str]:
    """Names that ``rooms`` define and neither they nor the folders ``users`` read."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sources(rooms, ".py")}
    beside = (ast.parse(path.read_text(encoding="utf-8")) for path in sources([*users], ".py"))
    known = {name for tree in (*trees.values(), *beside) for name in read(tree)}
    return [
        f"{path.parent.name}/{path.name}: {qualified}"
        for path, tree in trees.items()
        for qualified, name in defined(tree.body)
        if not known & {name, f"{qualified.rpartition('.')[0]}.*"} and not name.startswith("__")
    ]


def unread_columns(rooms: list[Path]) -> list[str]:
    """Columns of tables of ours whose name stands in no line of code. The example is what sites send."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources(rooms, ".py", ".sql", ".html", ".md"))
    words = set(re.findall(r"\w+", text))
    return [
        f"{path.parent.name}/{path.name}: {column}"
        for path in sources(rooms, ".csv")
        if path.parent.name != "example"
        for column in next(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        if column not in words
    ]


def test_every_name_defined_in_a_room_is_used_in_one() -> None:
    assert set(unused(ROOMS, PROJECT / "benchmarks")) <= OFFERED


def test_every_column_of_a_file_in_a_room_is_read() -> None:
    assert unread_columns(ROOMS) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def gone():\n    pass", ["room/m.py: gone"]),
        ("GONE = 1\nGONE_TOO: int = 2", ["room/m.py: GONE", "room/m.py: GONE_TOO"]),
        ("class Kept:\n    gone: int\nKept()", ["room/m.py: Kept.gone"]),
        ("class Kept:\n    @property\n    def gone(self):\n        pass\nKept()", ["room/m.py: Kept.gone"]),
        ("@cache\ndef gone():\n    pass", ["room/m.py: gone"]),
        ("def kept():\n    pass\nkept()", []),
        ("class Kept:\n    kept: int\nprint(Kept(1).kept)", []),
        ("class Kept:\n    kept: int\ngetattr(Kept(1), 'kept')", []),
        ("@app.command\ndef kept():\n    pass", []),
        ("@dg.asset(deps=[])\ndef kept():\n    pass", []),
        ("def __getattr__(name):\n    pass", []),
    ],
)
def test_what_is_unused_is_named(tmp_path: Path, code: str, found: list[str]) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "m.py").write_text(code, encoding="utf-8")
    assert unused([tmp_path / "room"]) == found


def test_an_unread_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "m.py").write_text("print(row['kept'])", encoding="utf-8")
    (tmp_path / "room" / "t.csv").write_text("kept,gone\n1,2\n", encoding="utf-8")
    assert unread_columns([tmp_path / "room"]) == ["room/t.csv: gone"]
