"""A broken submission per rule: the case of the conformance pack in which it fires.

Belongs here: writing it as files. Does not belong here: its records (``demonstration.conformance``).
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from demonstration.conformance.cases import Kind, Records
from demonstration.conformance.files import table_files
from pipelines.conformance import Try, pack
from tests.corpus import Case

APRIL = (date(2026, 4, 1), date(2026, 4, 30))


def rule_cases() -> Iterator[Case]:
    """One case per rule that has one: of an example of the rule as a folder, all others as the zip of the pack."""
    for each in pack():
        if each.kind is Kind.FIRES:
            name = f"rule {each.rule.id}"
            yield Case(
                name, lambda root, each=each: write(root, each.holds) if each.rule.bad else zipped(root, each)
            )


def zipped(root: Path, each: Try) -> Path:
    """A case as it is in the pack, under its own name."""
    path = root / Path(each.file).name
    path.write_bytes(each.content)
    return path


def write(root: Path, records: Records) -> Path:
    """The records as a submission. Its name says no provider and month, so that any header agrees with it."""
    folder = root / "submission"
    folder.mkdir()
    for name, content in table_files(records).items():
        (folder / name).write_bytes(content)
    return folder
