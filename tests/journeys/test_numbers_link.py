"""Whatever NHS number the gate accepts links its person, and every accepted patient has a pseudonym."""

from pathlib import Path

import polars as pl

from pipelines import store
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.zones import zones
from tests.fixtures.submission import RIGHT, submission
from tests.transforms.test_pseudonymise import NO_NUMBERS, SPELLINGS, slow_nhs_number


def spelt(number: str, like: str) -> str:
    """A number in the spelling of another one."""
    digits = iter(number)
    return "".join(next(digits) if character.isdigit() else character for character in like)


def patients(numbers: list[str | None]) -> str:
    """A table of patients, one for each number, all said to be verified where there is a number."""
    head = RIGHT["IDS001MPI"].splitlines()[0]
    lines = [
        f'P{n},RW5,QE1,"{number or ""}",{"01" if number else "07"},1980-06-15,LA1 4YW,2,A,,en,'
        for n, number in enumerate(numbers, start=1)
    ]
    return "\n".join([head, *lines, ""])


def test_what_is_accepted_links_and_what_is_not_is_rejected(tmp_path: Path, home: Path) -> None:
    """The dataset declares ten digits (n10). Spaces and hyphens pass where each stands between groups of 3, 3 and 4."""
    # A number each: a number that two patients have rejects both.
    some = (f"99900{n:04}" for n in range(100, 200))
    real = [number for nine in some for last in "0123456789" if slow_nhs_number(number := nine + last)]
    right = [spelt(number, like) for number, like in zip(real, SPELLINGS, strict=False)]
    wrong = [text for text in NO_NUMBERS if text and "\n" not in text and slow_nhs_number(text.strip()) is None]
    numbers = [*right, None, None, *wrong]
    found = zones()
    loaded = load(submission(tmp_path, IDS001MPI=patients(numbers)), found, open_ledger(found.ledger), spine_key())
    assert loaded.verdict.state.is_accepted
    folder = store.rows_of(loaded.receipt.submission_id, loaded.verdict.detail(), found)
    accepted = {row["row_number"]: row for row in pl.read_parquet(folder / "IDS001.parquet").iter_rows(named=True)}
    sent = dict(enumerate(numbers, start=2))
    of_spellings = [spelling for row, spelling in enumerate(SPELLINGS, start=2) if row in accepted]
    assert [each for each in SPELLINGS if each not in of_spellings] == ["9 9 9 0 0 0 0 0 1 8", "99-90-00-00-18"]
    assert [sent[row] for row in accepted if row >= 2 + len(right)] == [None, None]
    for row, patient in accepted.items():
        assert patient["person_id"] is not None and patient["person_mark"] is not None
        assert patient["is_nationally_linked"] == (sent[row] is not None)
    assert len({patient["person_id"] for patient in accepted.values()}) == len(accepted)
