"""Run the tests over mutants: ``python -m tests.mutants gate``, ``models`` or ``rules``, every n-th mutant of each file.

Belongs here: which files, which tests should notice, and the run. Ends with 1 when a mutant survives that is not in
``equivalent.csv``.

Each mutant has a process of its own, forked from one that has imported the libraries but nothing of ours: a start
takes 0.3 s instead of 3.
"""

import argparse
import contextlib
import csv
import importlib
import importlib.abc
import importlib.util
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from tests.mutants.turned import Mutant, python_mutants, sql_mutants

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.csv")
# A mutant that loops for ever counts as noticed after this many times what its tests take without a mutant, and
# never before a minute: a busy machine is slow.
PATIENCE = 20
# Module → tests that should notice, the fastest first; a mutant that passes them is then asked by the corpus.
GATE = {
    "schemas/gate.py": ["tests/transforms", "tests/schemas/test_versions.py", "tests/reports"],
    "transforms/receive/csv_file.py": ["tests/transforms/test_gate.py", "tests/transforms"],
    "transforms/receive/parquet_file.py": ["tests/transforms/test_gate.py", "tests/transforms"],
    "transforms/receive/table.py": ["tests/transforms/test_gate.py", "tests/transforms"],
    "transforms/survey.py": ["tests/transforms/test_gate.py", "tests/transforms"],
    "transforms/validate.py": ["tests/transforms/test_submission.py", "tests/transforms", "tests/schemas/test_contract.py",
                               "tests/pipelines/test_store.py"],
    "transforms/receive/parquet_footer.py": ["tests/transforms/test_limits.py", "tests/transforms"],
    "transforms/pseudonymise.py": ["tests/transforms/test_pseudonymise.py", "tests/transforms"],
    "transforms/related.py": ["tests/transforms/test_related.py", "tests/transforms"],
    "transforms/shown.py": ["tests/transforms/test_submission.py", "tests/reports", "tests/transforms"],
    "transforms/withheld.py": ["tests/transforms/test_submission.py", "tests/transforms"],
    "transforms/leaving.py": ["tests/transforms/test_submission.py", "tests/transforms"],
    "transforms/submission.py": ["tests/transforms/test_submission.py", "tests/transforms"],
    "transforms/cast.py": ["tests/transforms/test_submission.py", "tests/transforms"],
    "transforms/findings.py": ["tests/transforms/test_submission.py", "tests/transforms"],
    "transforms/cascade.py": ["tests/transforms/test_cascade.py", "tests/transforms", "tests/pipelines/test_store.py"],
    "pipelines/inbox.py": ["tests/pipelines/test_inbox.py", "tests/pipelines/test_dagster.py"],
}  # fmt: skip
CORPUS = ["tests/journeys"]
# Asked in an SQLite file; what survives is asked by journeys too. A PostgreSQL server for each mutant takes too long.
LEDGER_TESTS = ["-k", "not postgresql", "tests/pipelines/test_ledger.py", "tests/pipelines/test_ledger_chain.py"]
LEDGER = {
    f"pipelines/{name}.py": LEDGER_TESTS
    for name in ("ledger/__init__", "ledger/chain", "ledger/sql", "ledger/sqlite", "ledger/tables")
}
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
WAREHOUSE = ["tests/warehouse"]


class _Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from the mutant instead of from its file."""

    def __init__(self, path: str, source: str) -> None:
        self.path, self.source = ROOT / path, source
        self.is_package = path.endswith("/__init__.py")
        self.name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

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


def noticed(path: str, mutant: Mutant, tests: list[str], seconds: float = 3600) -> bool:
    """Whether a test fails, or does not end in ``seconds``, with the mutant in place."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        with Path(os.devnull).open("w") as silence, tempfile.TemporaryDirectory() as root:
            os.dup2(silence.fileno(), 1), os.dup2(silence.fileno(), 2)
            code = 1
            with contextlib.suppress(BaseException):
                _put_in_place(path, mutant.source)
                import pytest

                code = int(pytest.main(["-x", "-q", "-n", "0", f"--basetemp={root}/t", "--no-header", *tests]))
        os._exit(code)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status != 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def equivalents() -> dict[tuple[str, str, str], str]:
    """Mutants that mean the same as the original: file, line's text and turn → reason."""
    with EQUIVALENT.open(encoding="utf-8", newline="") as file:
        return {(row["file"], row["line"], row["turn"]): row["reason"] for row in csv.DictReader(file)}


def chosen(what: str, every: int, only: str) -> Iterator[tuple[str, Mutant, list[list[str]]]]:
    """The mutants asked for, each with the tests that should notice, in the order they are asked."""
    if what == "gate":
        files = {path: [tests, CORPUS] for path, tests in GATE.items()}
    elif what == "ledger":
        later = ["tests/journeys/test_interrupted_load.py", "tests/journeys/test_ledger_lost.py"]
        files = {path: [tests, later] for path, tests in LEDGER.items()}
    else:
        models = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "warehouse").glob("*/*.sql"))
        rooms = {path: path.split("/")[1] for path in models}
        files = {path: [MODELS[room], WAREHOUSE] for path, room in rooms.items() if room in MODELS}
    number = 0
    for path, stages in files.items():
        source = (ROOT / path).read_text(encoding="utf-8")
        for mutant in (python_mutants if path.endswith(".py") else sql_mutants)(source):
            number += 1
            if only in path and number % every == 0:
                yield path, mutant, stages


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
    asked = options.parse_args()
    if asked.what == "rules":
        return rules(asked.every, asked.only)
    for name in ("duckdb", "hypothesis", "pandera.polars", "polars", "polars_hash", "pytest", "numpy", "jinja2"):
        importlib.import_module(name)
    same, score, survivors = equivalents(), {}, 0
    patience: dict[tuple[str, ...], float] = {}
    for path, mutant, stages in chosen(asked.what, asked.every, asked.only):
        counts = score.setdefault(path, [0, 0, 0])
        if (path, *mutant.key) in same:
            counts[2] += 1
            continue
        for tests in stages:
            if tuple(tests) not in patience:  # what fails anyhow notices nothing
                unchanged, begun = Mutant(0, "", "", (ROOT / path).read_text(encoding="utf-8")), time.monotonic()
                if noticed(path, unchanged, tests):
                    print(f"{path}: {' '.join(tests)} fail without a mutant")
                    return 2
                patience[tuple(tests)] = max(60, PATIENCE * (time.monotonic() - begun))
        counts[0] += 1
        if any(noticed(path, mutant, tests, patience[tuple(tests)]) for tests in stages):
            counts[1] += 1
        else:
            survivors += 1
            print(f"survived  {path}:{mutant.line}  {mutant.turn}  in: {mutant.text}", flush=True)
    for path, (run, killed, equal) in score.items():
        print(f"{path}: {killed} of {run} noticed, {equal} mean the same", flush=True)
    print(f"all: {sum(c[1] for c in score.values())} of {sum(c[0] for c in score.values())} noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
