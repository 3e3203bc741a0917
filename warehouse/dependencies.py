"""Which tables of core and marts a table is made of, for the graph of assets.

Belongs here: what a table reads of ``core``, ``mart`` and ``published``, through steps and monthly counts. Does not
belong here: the order in which models run (``order``), what a column is made of (``lineage``).

A model's SQL says what it reads. A table that Python makes reads what the queries of its module name, and of the
modules beside it that this one imports.
"""

import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from warehouse.models import model_names
from warehouse.order import reads

_HERE = Path(__file__).parent
_READ = re.compile(r"\b(?:FROM|JOIN) ((?:core|mart|monthly_count|published|ref)\.(?:[a-z_]+\b(?!\{)|\{))")
_MADE = re.compile(r"^Columns of ((?:core|mart|monthly_count|published|ref)\.\w+):", re.MULTILINE)
_BESIDE = re.compile(r"^from (warehouse(?:\.\w+){2}) import", re.MULTILINE)
_COUNTS = "monthly_count."
# Its modules share the catalogue, so each would read what any measure reads.
_EACH_ALONE = _HERE / "measures"
# They lead on: a table that reads them is made of what they are made of. The first stay in no release, the others
# are no assets.
_THROUGH = ("work.", _COUNTS, "ref.")


def made_of(table: str) -> frozenset[str]:
    """The tables of ``core``, ``mart``, ``published`` and ``staged`` that a table is made of directly.

    Steps and monthly counts are followed to what they are made of.
    """
    found, pending, seen = set[str](), set(_read(table)), {table}
    while pending := pending - seen:
        seen |= pending
        found |= {name for name in pending if not name.startswith(_THROUGH)}
        pending = {name for each in pending if each.startswith(_THROUGH) for name in _read(each)}
    return frozenset(found)


def _read(table: str) -> Collection[str]:
    return reads(table) if table in model_names() else _made_in_python().get(table, frozenset())


@cache
def _made_in_python() -> Mapping[str, frozenset[str]]:
    """Table → what the queries name of the module that describes it, without its own tables."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted(_HERE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if own := set(_MADE.findall(text)):
            named = {name for each in _with_beside(path) for name in _READ.findall(each.read_text("utf-8"))} - own
            if f"{_COUNTS}{{" in named:  # the counts of every pass
                named |= {name for name in model_names() if name.startswith(_COUNTS)}
            found |= {table: frozenset(name for name in named if not name.endswith("{")) for table in own}
    return found


def _with_beside(module: Path) -> set[Path]:
    """The module, and the modules of its own folder that it imports, directly or not."""
    if module.parent in (_HERE, _EACH_ALONE):
        return {module}
    found, pending = set[Path](), {module}
    while pending := pending - found:
        found |= pending
        named = {name for each in pending for name in _BESIDE.findall(each.read_text("utf-8"))}
        beside = {_HERE.parent.joinpath(*name.split(".")).with_suffix(".py") for name in named}
        pending = {each for each in beside if each.parent == module.parent and each.is_file()}
    return found
