"""A rotation of the pseudonym key: from one key to the next, with the same people and nothing left of the first."""

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.cli import _run
from pipelines.commands.app import CLEAN, CRASHED, USAGE, WARNINGS
from pipelines.key_store import expanded
from pipelines.keys import disclosure_key, spine_key, tombstone_key
from pipelines.ledger import open_ledger
from pipelines.load import load, reprocess
from pipelines.publish import NotPublishable, build_core, build_marts, current_submissions, publish
from pipelines.zones import Zones, zones
from tests.fixtures.submission import submission
from tests.fixtures.tokens import tokens

TOKEN = re.compile(rb"[se][0-9]+_[0-9a-f]{32}")


def published(found: Zones) -> Path:
    """The release of the submissions that count, made by the functions that Dagster calls."""
    ledger = open_ledger(found.ledger)
    build_core(found, ledger)
    build_marts(found)
    return found.releases / publish(found, ledger)["release"]


def people(database: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as con:
        return [
            *con.execute("SELECT count(*), count(DISTINCT person_id) FROM core.person").fetchall(),
            *con.execute("SELECT count(DISTINCT person_id), count(*) FROM core.pathway").fetchall(),
            *con.execute(
                "SELECT provider, count(DISTINCT person_id), count_if(is_nationally_linked) FROM core.person "
                "GROUP BY provider ORDER BY provider"
            ).fetchall(),
        ]


def counting(found: Zones) -> Iterator[Path]:
    """The pseudonymised files that count."""
    for one in current_submissions(found, open_ledger(found.ledger)):
        yield from one.folder.glob("*.parquet")


def forms(secret: bytes) -> list[bytes]:
    """A secret as it could stand in a file: raw, hexadecimal, base64 at every alignment, of both kinds each."""
    encoded = [base64.b64encode(b"\0" * pad + secret)[4 if pad else 0 : -4] for pad in range(3)]
    safe = [each.replace(b"+", b"-").replace(b"/", b"_") for each in encoded]
    return [secret, secret.hex().encode(), secret.hex().upper().encode(), *encoded, *safe]


def holding(files: Iterable[Path], searched: Iterable[bytes]) -> list[str]:
    wanted = list(searched)
    return [path.name for path in files if any(each in path.read_bytes() for each in wanted)]


def test_a_rotation_keeps_the_people_and_leaves_no_token_and_no_key(
    tmp_path: Path, home: Path, own_key: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found, ledger = zones(), open_ledger(zones().ledger)
    paths = [submission(tmp_path, provider) for provider in ("RW5", "RX1")]
    receipts = [load(path, found, ledger, spine_key()).receipt for path in paths]
    first = published(found)
    before, old, figures, erasures = (
        people(first / "parity.duckdb"), tokens(first / "parity.duckdb"), disclosure_key(), tombstone_key()
    )  # fmt: skip
    assert len(old) == 10 and all(token.startswith("s1_") for token in old)
    assert _run(["keys", "verify"]) == CLEAN
    said = ["".join(capfd.readouterr())]

    # Rotated: nothing can be published, and a file that is loaded again counts under the new key.
    assert (_run(["keys", "new"]), _run(["keys", "rotate"]), _run(["keys", "verify", "--json"])) == (
        USAGE, CLEAN, WARNINGS
    )  # fmt: skip
    said.append("".join(capfd.readouterr()))
    assert "parity reprocess" in said[-1]
    with pytest.raises(NotPublishable, match=r"under key s1-[0-9a-f]{8}\. The key of today is s2-"):
        current_submissions(found, ledger)
    assert not load(paths[0], found, ledger, spine_key()).is_repeat
    assert load(paths[0], found, ledger, spine_key()).is_repeat
    # Half-way, as after a crash: two keys never meet, and the first one cannot be destroyed.
    with pytest.raises(NotPublishable, match=r"under key s1-.*, s2-"):
        build_core(found, ledger)
    assert _run(["keys", "retire", "1"]) == USAGE
    for receipt in receipts:
        reprocess(receipt, found, ledger, spine_key())

    second = published(found)
    assert second != first
    assert people(second / "parity.duckdb") == before
    new = tokens(second / "parity.duckdb")
    assert len(new) == len(old) and all(token.startswith("s2_") for token in new)
    old_bytes = [token.encode() for token in old]
    assert holding(second.iterdir(), old_bytes) == []
    rows = list(counting(found))
    assert rows
    staged = {token for path in rows for token in TOKEN.findall(pl.read_parquet(path).write_csv().encode())}
    assert staged and all(token.startswith(b"s2_") for token in staged)
    assert holding(first.iterdir(), old_bytes) != []  # the same search finds them where they are
    assert (disclosure_key(), tombstone_key()) == (figures, erasures)

    # The first key goes, and nothing that is kept has any key in it.
    roots = [bytes.fromhex(file.read_text()) for file in own_key.parent.iterdir()]
    assert len(roots) == 4
    keys = [bytes.fromhex(key.secret) for key in (spine_key(1), spine_key(2), figures, erasures)]
    derived = [expanded(roots[0], f"parity\x1f{name}\x1froot".encode()) for name in ("figures", "erasures")]
    assert (_run(["keys", "retire", "1"]), _run(["keys", "verify"]), _run(["status"])) == (CLEAN, WARNINGS, CLEAN)
    own_key.with_name(f"{own_key.name}.2").chmod(0o444)
    assert _run(["keys", "verify"]) == CRASHED
    said.append("".join(capfd.readouterr()))
    assert first.name in said[-1]  # the release with tokens of the first key is still there, and is named
    printed = home / "printed.txt"
    printed.write_text("\n".join(said))
    searched = [form for secret in (*roots, *keys, *derived) for form in forms(secret)]
    assert holding((path for path in home.rglob("*") if path.is_file()), searched) == []
    printed.write_text(f"key={base64.b64encode(b'.' + roots[0]).decode()}")
    assert holding([printed], searched) == ["printed.txt"]
