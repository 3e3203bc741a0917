"""Versions of the code: they decide whether rows, a draft or a release can be kept.

Belongs here: which code and data a figure depends on, and a hash of their meaning. Does not belong here: the steps
after a version changed (``pipelines.publish``).

Comments, docstrings and layout do not count. Descriptions of columns change what a release says but no figure:
they change its name and keep the draft (decision 0020).
"""

import ast
import csv
import hashlib
import json
import re
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.settings import is_as_written
from pipelines.zones import PROJECT, Zones, data_root

# The constant in which a Python module describes its tables (warehouse.described).
_DESCRIPTIONS = "COLUMNS"
# Text and quoted names are kept as they are; comments and space between are not.
_SQL = re.compile(r"('(?:[^']|'')*'|\"[^\"]*\")|(?:--[^\n]*|/\*.*?\*/|\s)+", re.DOTALL)


@dataclass(frozen=True)
class Package:
    """A package of ours without some of its files and folders, named from the package on."""

    name: str
    without: tuple[str, ...] = ()

    def files(self, root: Path) -> Iterator[tuple[str, Path]]:
        """Every file of code or data that counts, with its name from ``root`` on, in order of names."""
        for path in sorted((root / self.name).rglob("*")):
            name = path.relative_to(root).as_posix()
            inside = name.removeprefix(f"{self.name}/")
            left_out = any(inside == each or inside.startswith(f"{each}/") for each in self.without)
            if path.suffix in (".py", ".sql", ".csv") and not left_out:
                yield name, path


# What decides neither rows nor figures: the example submission, and how other datasets name our rules.
_BESIDE = ("example", "example.py", "national_rules.csv", "national_rules.py")
# What only a site's preview uses.
_OF_PREVIEWS = ("likely.py", "own_figures.py")
# What decides which rows are accepted and their values: known when the rows of a submission are written.
RULES = (Package("schemas", _BESIDE),)
ROWS = (*RULES, Package("transforms", _OF_PREVIEWS))
_OF_ROWS = (ROWS, RULES)  # kept in one file, since a load asks for both
# What decides the figures made of these rows. A rule of the dataset decides only rows.
FIGURES = (
    Package(
        "schemas",
        (
            *_BESIDE,
            "rules",
            "rule.py",
            "ruleset.py",
            "generated.py",
            "gate.py",
            "limits.py",
            "contract.py",
            "terms.py",
        ),
    ),
    # What the lineage file says follows from the models.
    Package("warehouse", (*_OF_PREVIEWS, "lineage.csv")),
)


def rows_version(root: Path = PROJECT, memory: Path | None = None) -> str:
    """Hash of the code and data that decide the rows of a submission: 12 hex digits, and whether everything is
    taken as it is written (``settings.is_as_written``), because that decides them too.

    ``memory`` is a folder in which it is kept for the next process, by the hash of the texts it was made of.
    """
    version = _version(ROWS, root) if memory is None else _remembered("rows", _OF_ROWS, root, memory)[0]
    return f"{version}-as-written" if is_as_written() else version


def rules_version(root: Path = PROJECT, memory: Path | None = None) -> str:
    """Hash of what a submission is checked against: tables, codes and rules, without the code that does it."""
    return _version(RULES, root) if memory is None else _remembered("rows", _OF_ROWS, root, memory)[1]


def figures_version(root: Path = PROJECT, memory: Path | None = None) -> str:
    """Hash of the code and data that decide the figures made of given rows. A draft with another hash is not
    kept. ``memory``: see ``rows_version``.
    """
    return _version(FIGURES, root) if memory is None else _remembered("figures", (FIGURES,), root, memory)[0]


def release_version(root: Path = PROJECT, memory: Path | None = None) -> str:
    """Hash of what decides what a release says: the figures, and the descriptions of its tables and columns.
    ``memory``: see ``rows_version``.
    """
    return hashlib.sha256(figures_version(root, memory).encode() + _descriptions(root)).hexdigest()[:12]


@cache
def _descriptions(root: Path) -> bytes:
    """What the warehouse says of its tables and columns."""
    said = []
    for name, path in Package("warehouse").files(root):
        text = path.read_text(encoding="utf-8")
        said += [f"\0{name}\0{' '.join(each.split())}" for each in _described(text, path.suffix)]
    return "".join(said).encode()


def memory_of_this_root() -> Path | None:
    """The ``memory`` of the data root that is named, for what is read before the root is opened; None without one.

    Of the 5.9 s of a core that reading the definitions of Dagster took, 1.7 were for two versions.
    """
    memory = Zones(data_root()).builds
    return memory if memory.is_dir() else None


@cache
def _remembered(kind: str, made_of: tuple[tuple[Package, ...], ...], root: Path, memory: Path) -> list[str]:
    """The versions of a kind, one of each of ``made_of``, made only once of the same texts: reading those of rows
    takes 5 ms, their meaning 100 ms.
    """
    # What is made of them depends on this module and on the parser of Python, too.
    digest = hashlib.sha256(sys.version.encode() + Path(__file__).read_bytes())
    for packages in made_of:
        for package in packages:
            for name, path in package.files(root):
                digest.update(f"\0{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    place = memory / f"{kind}-version-{digest.hexdigest()}"
    if place.exists():
        return place.read_text(encoding="ascii").split()
    versions = [_version(packages, root) for packages in made_of]
    for earlier in memory.glob(f"{kind}-version-*"):
        earlier.unlink(missing_ok=True)
    beside = memory / f".{kind}-version-{secrets.token_hex(4)}"
    beside.write_text(" ".join(versions), encoding="ascii")
    beside.replace(place)
    return versions


@cache
def _version(packages: tuple[Package, ...], root: Path) -> str:
    digest = hashlib.sha256()
    for package in packages:
        for name, path in package.files(root):
            digest.update(f"{name}\0".encode() + meaning(path.read_text(encoding="utf-8"), path.suffix) + b"\0")
    return digest.hexdigest()[:12]


@cache
def meaning(text: str, suffix: str) -> bytes:
    """The meaning of a file, without comments and layout: equal for two texts that differ only in those.

    ``suffix`` is .py, .sql or .csv. Docstrings and descriptions of columns mean nothing here. Kept by text: two
    versions are made of many of the same files.
    """
    if suffix == ".py":
        return _python(text)
    if suffix == ".sql":
        return _SQL.sub(lambda match: match[1] or " ", text).strip().encode()
    return json.dumps(list(csv.reader(text.splitlines(keepends=True)))).encode()


def _python(text: str) -> bytes:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [each for each in node.body if not _is_text(each) and _described_by(each) is None]
    return ast.dump(tree).encode()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _described_by(node: ast.stmt) -> str | None:
    """The descriptions of columns that a statement is; ``None`` for any other."""
    is_named = isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == [_DESCRIPTIONS]
    if is_named and isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
        return str(node.value.value)
    return None


def _described(text: str, suffix: str) -> Iterator[str]:
    if suffix == ".sql":
        yield from re.findall(r"^-- Columns of .*(?:\n--.*)*", text, re.MULTILINE)
    elif suffix == ".py" and f"\n{_DESCRIPTIONS} = " in text:
        yield from (said for node in ast.parse(text).body if (said := _described_by(node)) is not None)
