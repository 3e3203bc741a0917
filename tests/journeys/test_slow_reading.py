"""A load against a slow reading of the same files: the csv reader, one row after another, tokens by ``hmac``.

Submissions have planted faults, and keys that are repeated, blank, exchanged, or differ by case, blanks or marks only.
"""

import csv
import hmac
import random
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from demonstration.writing import write_submissions
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import Loaded, check_path, load
from pipelines.store import rows_of
from pipelines.verdict import Verdict
from pipelines.zones import zones
from schemas.dataset import TABLES
from schemas.field import Field, Identity
from schemas.table import Table
from tests.campaign import seeds
from transforms.findings import REJECTIONS
from transforms.pseudonymise import TokenKey

Rows = list[list[str]]
Change = Callable[[Rows, int, int, random.Random], object]


def put(value: Callable[[str], str]) -> Change:
    def change(rows: Rows, row: int, column: int, dice: random.Random) -> None:
        rows[row][column] = value(rows[row][column])

    return change


def of_another(rows: Rows, row: int, column: int, dice: random.Random) -> None:
    rows[row][column] = rows[dice.randrange(1, len(rows))][column]


CHANGES: tuple[Change, ...] = (
    lambda rows, row, column, dice: rows.insert(dice.randrange(1, len(rows)), list(rows[row])),
    lambda rows, row, column, dice: rows.pop(row),
    of_another,
    put(lambda value: ""),
    put(str.swapcase),
    put(lambda value: f" {value}  "),
    put(lambda value: f"{value}\u00a0"),
    put(lambda value: f"{value}\u200b"),
    put(lambda value: f"{value}é"),
    put(lambda value: f"{value}e\u0301"),
)  # fmt: skip


def damaged(root: Path, seed: int) -> Iterator[Path]:
    """Two submissions with planted faults and up to eight further changes, half of them of a key."""
    dice = random.Random(seed)
    share = dice.choice([0, 0.01, 0.05, 0.3])
    write_submissions(root, providers=2, months=1, start=date(2025, 4, 1), seed=seed, faults=share, size=0.1)
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        files = [file for file in sorted(folder.glob("*.csv")) if not file.name.startswith("IDS000")]
        for _ in range(dice.randint(1, 8)):
            file = dice.choice(files)
            rows = read(file)
            if len(rows) > 2:
                column = 0 if dice.random() < 0.5 else dice.randrange(len(rows[0]))
                dice.choice(CHANGES)(rows, dice.randrange(1, len(rows)), column, dice)
                with file.open("w", newline="", encoding="utf-8") as out:
                    csv.writer(out, lineterminator="\n").writerows(rows)
        yield folder


def read(file: Path) -> Rows:
    with file.open(newline="", encoding="utf-8-sig") as text:
        return list(csv.reader(text))


def token(value: str | None, key: TokenKey, *domain: str) -> bytes | None:
    """A pseudonym by the standard library alone: the version of the key and 15 bytes (decisions 0006 and 0087)."""
    if value is None:
        return None
    of_domain = hmac.digest(key.secret.encode(), "\x1f".join(domain).encode(), "sha256").hex()
    digest = hmac.digest(of_domain.encode(), value.encode(), "sha256")
    return bytes([int(key.version.removeprefix("s"))]) + digest[:15]


def slow_rows(folder: Path, table: Table, loaded: Loaded, findings: pl.DataFrame) -> list[dict[str, object]]:
    """What the store must have of a table, by row number, for fields that are text or a provider's identifier."""
    rejecting = findings.filter((pl.col("table") == table.id) & pl.col("effect").is_in(REJECTIONS))
    rejected = set(rejecting["row_number"])
    # A value that is not in its list, form or bounds does not leave (decision 0032).
    own = findings.filter(pl.col("table") == table.id).select("row_number", pl.col("rule_id").cast(pl.String))
    wrong = {
        (row, *rule.split("-")[1:]) for row, rule in own.rows() if rule.endswith(("-CODE", "-FORMAT", "-RANGE"))
    }
    withheld = {(row, name) for row, name, _ in wrong}
    (file,) = folder.glob(f"{table.id}*.csv")
    names, *rows = read(file)
    provider = loaded.verdict.header.provider
    assert provider
    found = []
    for number, row in enumerate(rows, start=2):
        if number not in rejected:
            values = {name: value.strip() or None for name, value in zip(names, row, strict=True)}
            found.append(
                {"row_number": number}
                | {
                    field.name: token(values.get(field.name), spine_key(), "local", provider, field.name)
                    if field.identity is Identity.LOCAL
                    else None
                    if (number, field.name) in withheld
                    else values.get(field.name)
                    for field in compared(table)
                }
            )
    return found


def compared(table: Table) -> list[Field]:
    return [
        field
        for field in table.fields
        if field.identity is Identity.LOCAL or (field.identity is Identity.KEEP and field.dtype == pl.String)
    ]


@pytest.mark.parametrize("seed", seeds(1))
def test_the_rows_written_are_those_of_a_slow_reading(tmp_path: Path, home: Path, seed: int) -> None:
    found = zones()
    for folder in damaged(tmp_path / "in", seed):
        checked = check_path(folder)
        loaded = load(folder, found, open_ledger(found.ledger), spine_key())
        verdict = Verdict.of(checked)
        assert (verdict.state, verdict.counts, verdict.rules) == (
            loaded.verdict.state, loaded.verdict.counts, loaded.verdict.rules
        )  # fmt: skip
        if not loaded.verdict.state.is_accepted:
            continue
        place = rows_of(loaded.receipt.submission_id, loaded.verdict.detail(), found)
        for table_id in loaded.verdict.counts:
            table = TABLES[table_id]
            file = place / f"{table_id}.parquet"
            names = ["row_number", *(field.name for field in compared(table))]
            rows = pl.read_parquet(file, columns=names).to_dicts() if file.exists() else []
            assert rows == slow_rows(folder, table, loaded, checked.findings), table_id


@pytest.mark.parametrize("hashes", [1, 7])
@pytest.mark.parametrize("seed", seeds(1))
def test_keys_that_share_a_hash_are_still_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, hashes: int
) -> None:
    """With one hash for all keys, and with seven, every finding is the same."""
    folders = list(damaged(tmp_path, 200 + seed))
    before = [check_path(folder).findings for folder in folders]
    plain = pl.Expr.hash
    monkeypatch.setattr(pl.Expr, "hash", lambda value: plain(value) % hashes)
    for folder, findings in zip(folders, before, strict=True):
        assert check_path(folder).findings.equals(findings)
