"""Run the tests over mutants: ``python -m tests.mutants gate``, ``ledger``, ``models`` or ``rules``.

Belongs here: which files, which tests should notice, and the run. Ends with 1 when a mutant survives that is not in
``equivalent.csv``.

What was found is appended to ``build/mutants``: a run that was broken off goes on, and a mutant that was noticed is not
asked again until its file changes.
"""

import argparse
import ast
import csv
import hashlib
import importlib
import importlib.abc
import importlib.util
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from tests.mutants import forked
from tests.mutants.turned import Mutant, python_mutants, sql_mutants

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.csv")
FOUND = ROOT / "build" / "mutants"
GATE = [
    "schemas/gate.py",
    *(f"transforms/receive/{name}.py" for name in ("csv_file", "parquet_file", "table", "parquet_footer")),
    *(f"transforms/{name}.py" for name in (
        "survey", "validate", "pseudonymise", "related", "shown", "withheld", "leaving", "submission", "cast", "findings",
        "cascade", "strike",
    )),
    "pipelines/inbox.py",
]  # fmt: skip
GATE_TESTS = [
    "tests/transforms", "tests/schemas/test_versions.py", "tests/schemas/test_contract.py", "tests/reports/test_report.py",
    "tests/pipelines/test_store.py", "tests/pipelines/test_inbox.py", "tests/pipelines/test_holding.py",
    "tests/journeys/test_slow_reading.py", "tests/journeys/test_practice.py", "tests/journeys/test_numbers_link.py",
    "tests/journeys/test_corpus.py",
]  # fmt: skip
LEDGER = [f"pipelines/ledger/{name}.py" for name in ("__init__", "chain", "sql", "sqlite", "tables", "rebuild")]
# Asked in an SQLite file: what needs a PostgreSQL server is left out.
LEDGER_TESTS = [
    "tests/pipelines/test_ledger.py", "tests/pipelines/test_ledger_chain.py", "tests/pipelines/test_ledger_order.py",
    "tests/pipelines/test_attempts.py", "tests/pipelines/test_store.py", "tests/pipelines/test_holding.py",
    "tests/pipelines/test_prune.py", "tests/journeys/test_ledger_lost.py", "tests/journeys/test_what_counts.py",
    "tests/journeys/test_interrupted_load.py", "tests/journeys/test_check_and_load_agree.py",
]  # fmt: skip
# Room of models → the tests asked first: the reference in plain Python and what is asked of single models.
MODELS = {
    "core": ["tests/warehouse/test_core.py", "tests/warehouse/test_core_outcomes.py",
             "tests/warehouse/test_measure_property.py", "tests/warehouse/test_smi_measures.py"],
    "steps": ["tests/warehouse/test_core_outcomes.py", "tests/warehouse/test_measure_property.py",
              "tests/warehouse/test_smi_measures.py"],
    "mart": ["tests/warehouse/test_marts.py", "tests/warehouse/test_comparison.py",
             "tests/warehouse/test_field_quality.py", "tests/warehouse/test_experience.py"],
    "public": ["tests/warehouse/test_disclosure.py"],
}  # fmt: skip


class _Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from the mutant instead of from its file."""

    def __init__(self, path: str, source: str) -> None:
        self.path, self.source = ROOT / path, source
        self.is_package = path.endswith("/__init__.py")
        self.name = _module(path)

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """The mutant's module, when it is asked for."""
        if fullname != self.name:
            return None
        spec = importlib.util.spec_from_loader(fullname, self, origin=str(self.path), is_package=self.is_package)
        if spec is not None and self.is_package:
            spec.submodule_search_locations = [str(self.path.parent)]
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant."""
        module.__file__ = str(self.path)
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _put_in_place(path: str, source: str) -> None:
    if path.endswith(".py"):
        sys.meta_path.insert(0, _Loader(path, source))
        return
    from warehouse import models

    whole, original = {(ROOT / path).read_text(encoding="utf-8"): source}, models.read_sql

    def read_sql(name: str) -> str:
        text = original(name)
        return whole.get(text, text)

    models.read_sql = read_sql


class Turned(NamedTuple):
    """A mutant of a file. ``name`` is the same in every run; ``function`` is the one that it changes, if it is one."""

    path: str
    mutant: Mutant
    name: str
    function: str | None


class Results:
    """What became of every mutant, kept in a file to which lines are added."""

    def __init__(self, what: str) -> None:
        FOUND.mkdir(parents=True, exist_ok=True)
        self._file = FOUND / f"{what}.jsonl"
        self._read, self.by_name = 0, dict[str, dict[str, Any]]()
        self._refresh()
        self._before = set(self.by_name)

    def _refresh(self) -> None:
        """Read what this process or another has added."""
        if self._file.exists():
            with self._file.open(encoding="utf-8") as file:
                file.seek(self._read)
                for line in file.read().splitlines():
                    said = json.loads(line)
                    self.by_name[said["name"]] = said
                self._read = file.tell()

    def is_done(self, turned: Turned) -> bool:
        """Whether it was noticed, or another process has asked it meanwhile."""
        self._refresh()
        return self.is_noticed(turned) or (turned.name in self.by_name and turned.name not in self._before)

    def add(self, turned: Turned, noticed: bool, by: str) -> None:
        """Note whether a mutant was noticed, and by which test."""
        said = {"name": turned.name, "noticed": noticed, "by": by, "line": turned.mutant.line}
        self.by_name[turned.name] = said
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(said, ensure_ascii=False) + "\n")
        if not noticed:
            print(
                f"survived  {turned.path}:{turned.mutant.line}  {turned.mutant.turn}  in: {turned.mutant.text}",
                flush=True,
            )

    def is_noticed(self, turned: Turned) -> bool:
        """Whether it was noticed before."""
        return bool(self.by_name.get(turned.name, {}).get("noticed"))


def equivalents() -> dict[tuple[str, str, str], str]:
    """Mutants that mean the same as the original: file, line's text and turn → reason.

    Where a line has the same turn in several places, ``1 → 2, no. 3`` is the third of them.
    """
    with EQUIVALENT.open(encoding="utf-8", newline="") as file:
        return {(row["file"], row["line"], row["turn"]): row["reason"] for row in csv.DictReader(file)}


def means_the_same(turned: Turned, same: dict[tuple[str, str, str], str]) -> bool:
    """Whether a mutant is among the ``equivalents``."""
    text, turn = turned.mutant.key
    number = turned.name.rpartition(" | ")[2]
    return bool({(turned.path, text, turn), (turned.path, text, f"{turn}, no. {number}")} & same.keys())


def chosen(files: list[str], every: int, only: str) -> Iterator[Turned]:
    """The mutants asked for: every n-th of these files."""
    number = 0
    for path in files:
        source = (ROOT / path).read_text(encoding="utf-8")
        is_python, seen = path.endswith(".py"), Counter[tuple[str, str]]()
        plain = ast.unparse(ast.parse(source)) if is_python else ""
        digest = hashlib.sha256(source.encode()).hexdigest()[:12]
        for mutant in (python_mutants if is_python else sql_mutants)(source):
            number += 1
            seen[mutant.key] += 1
            if only in path and number % every == 0:
                name = f"{path} {digest} {mutant.text} | {mutant.turn} | {seen[mutant.key]}"
                function = forked.changed_function(plain, mutant.source) if is_python else None
                yield Turned(path, mutant, name, function)


def kept(what: str, lines: forked.Lines) -> forked.Known | None:
    """What an earlier run knew of the tests, if the files are still the same."""
    file = FOUND / f"{what}.tests.json"
    said = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return forked.Known.of_json(said["known"]) if said.get("files") == lines.digest else None


def keep(what: str, lines: forked.Lines, known: forked.Known) -> None:
    """Keep it for the next run."""
    said = {"files": lines.digest, "known": known.as_json()}
    (FOUND / f"{what}.tests.json").write_text(json.dumps(said), encoding="utf-8")


def asked_of_collected(
    session: pytest.Session, lines: forked.Lines, what: str, wanted: list[Turned], budget: float
) -> None:
    """Learn the tests, and ask about every mutant inside a function that nothing has run yet."""
    for path in lines.paths:  # some are imported when they are needed
        importlib.import_module(_module(path))
    at_collection = lines.taken()
    lines.stop()
    known = kept(what, lines) or forked.Known()
    known.at_collection = at_collection
    for file in forked.learn(session, lines, known):
        print(f"learned {file}", flush=True)
        keep(what, lines, known)
    if known.failing:
        print(
            f"{len(known.failing)} tests fail without a mutant and are not asked: {', '.join(known.failing[:5])} …",
            flush=True,
        )
    every_test = forked.within(sorted(known.seconds, key=known.seconds.__getitem__), known, budget)
    if (unchanged := forked.ask(lambda say: forked.run(session.items, every_test, say), known))[0]:
        print(f"without a mutant, one after another, {unchanged[1]} fails", flush=True)
        os._exit(1)
    results, functions = Results(what), forked.functions_of(lines.paths)
    for turned in wanted:
        if known.is_inside(turned.path, turned.mutant, turned.function) and not results.is_done(turned):
            names = forked.within(known.through(turned.path, turned.mutant.statement), known, budget)

            def does(say: Any, turned: Turned = turned, names: list[str] = names) -> None:
                assert turned.function
                forked.replace_code(functions, turned.path, turned.function, turned.mutant.source)
                forked.run(session.items, names, say)

            note(results, known, turned, does if names else None)


def note(results: Results, known: forked.Known, turned: Turned, does: Any) -> None:
    """Ask about a mutant and note what was found. Without a test that passes through it, it survives."""
    noticed, by = forked.ask(does, known) if does else (False, "")
    known.noticed[by] += noticed
    results.add(turned, noticed, by)


def asked_of_imported(turned: Turned, names: list[str], whole: bool = False) -> Any:
    """What a process does that has imported nothing of ours: imports the mutant and runs these tests, or all of files."""

    def does(say: Any) -> None:
        _put_in_place(turned.path, turned.mutant.source)
        files = sorted({name.partition("::")[0] for name in names})
        if not forked.collected(files, lambda session: forked.run(session.items, [] if whole else names, say)):
            say("failed")

    return does


def python(
    what: str, files: list[str], tests: list[str], every: int, only: str, budget: float, is_backwards: bool
) -> int:
    """Print a line per survivor and the score of every file."""
    same, results = equivalents(), Results(what)
    everything = list(chosen(files, every, only))
    wanted = [
        each for each in everything
        if not means_the_same(each, same) and not results.is_noticed(each)
    ]  # fmt: skip
    wanted.sort(key=lambda each: each.name in results.by_name)  # survivors of before after those never asked
    if is_backwards:
        wanted.reverse()
    if wanted:
        lines = forked.Lines(files)
        child = os.fork()
        if child == 0:
            lines.start()
            fine = forked.collected(tests, lambda session: asked_of_collected(session, lines, what, wanted, budget))
            os._exit(0 if fine else 1)
        if os.waitpid(child, 0)[1]:
            print("the tests cannot be collected")
            return 2
        known = kept(what, lines) or forked.Known()
        results = Results(what)
        for turned in wanted:
            if not known.is_inside(turned.path, turned.mutant, turned.function) and not results.is_done(turned):
                names = forked.within(known.through(turned.path, None), known, budget)
                note(results, known, turned, asked_of_imported(turned, names) if names else None)
    return scored(everything, same, results)


def scored(everything: list[Turned], same: dict[tuple[str, str, str], str], results: Results) -> int:
    """Print the score of every file. 1 when a mutant survived."""
    score: dict[str, list[int]] = {}
    for each in everything:
        counts = score.setdefault(each.path, [0, 0, 0])
        if means_the_same(each, same):
            counts[2] += 1
        else:
            counts[0] += 1
            counts[1] += results.is_noticed(each)
    for path, (ran, noticed, equal) in score.items():
        print(f"{path}: {noticed} of {ran} noticed, {equal} mean the same", flush=True)
    ran, noticed, equal = (sum(counts) for counts in zip(*score.values(), strict=True))
    print(f"all: {noticed} of {ran} noticed, {equal} mean the same")
    return 0 if noticed == ran else 1


def sql(every: int, only: str) -> int:
    """Print a line per survivor and the score of every model."""
    paths = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "warehouse").glob("*/*.sql"))
    same, results, known = equivalents(), Results("models"), forked.Known()
    everything = list(chosen([path for path in paths if path.split("/")[1] in MODELS], every, only))
    for turned in everything:
        if not means_the_same(turned, same) and not results.is_noticed(turned):
            for tests in (MODELS[turned.path.split("/")[1]], ["tests/warehouse"]):
                noticed, by = forked.ask(asked_of_imported(turned, tests, whole=True), known)
                if noticed:
                    break
            results.add(turned, noticed, by)
    return scored(everything, same, results)


def rules(every: int, only: str) -> int:
    """Print a line per survivor among the written rules and the score, in this process."""
    from tests.fixtures.rule import WRITTEN
    from tests.mutants.rule_mutants import rule_mutants, survives

    unchanged = Mutant(0, "", "", "")
    if failing := [
        rule.id for rule in WRITTEN.values() if not survives(rule, replace(unchanged, source=rule.fails))
    ]:
        print(f"tests of {', '.join(failing)} fail without a mutant")
        return 2
    same, counts, survivors = equivalents(), [0, 0], 0
    for number, (rule, mutant) in enumerate(rule_mutants()):
        if only not in rule.id or number % every:
            continue
        if ("schemas/rules", rule.id, mutant.turn) in same:
            counts[1] += 1
            continue
        counts[0] += 1
        if survives(rule, mutant):
            survivors += 1
            print(f"survived  {rule.id}  {mutant.turn}", flush=True)
    print(f"rules: {counts[0] - survivors} of {counts[0]} noticed, {counts[1]} mean the same", flush=True)
    return 1 if survivors else 0


def main() -> int:
    """Print a line per survivor and the score of every file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("what", choices=("gate", "ledger", "models", "rules"))
    options.add_argument("--every", type=int, default=1, help="every n-th mutant; 1: all")
    options.add_argument("--only", default="", help="part of a file's path")
    options.add_argument("--backwards", action="store_true", help="from the last on, beside another process")
    options.add_argument(
        "--seconds", type=float, default=60, help="how long the tests of one mutant may take together"
    )
    asked = options.parse_args()
    if asked.what == "rules":
        return rules(asked.every, asked.only)
    for name in ("duckdb", "hypothesis", "pandera.polars", "polars", "polars_hash", "numpy", "jinja2"):
        importlib.import_module(name)
    if asked.what == "models":
        return sql(asked.every, asked.only)
    files, tests = {"gate": (GATE, GATE_TESTS), "ledger": (LEDGER, LEDGER_TESTS)}[asked.what]
    return python(asked.what, files, tests, asked.every, asked.only, asked.seconds, asked.backwards)


if __name__ == "__main__":
    sys.exit(main())
