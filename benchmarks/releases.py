"""`make bench-releases ROOT=folder`: twelve monthly releases, and what they share.

Belongs here: the bytes of a year of releases, with and without sharing what has not changed, by kind of file; and
how much would be shared by other cuts of the tables: a file for each provider, or for each of its months. Does not
belong here: how files are shared (``warehouse.sharing``).

Each month every service sends its next submission, and a release is published. Last, one service sends a month
again without its last referral: a correction.
"""

import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from benchmarks.scale import used
from demonstration.writing import write_submissions
from pipelines.keys import spine_key
from pipelines.ledger import Ledger, open_ledger
from pipelines.load import load
from pipelines.publish import build_core, build_marts, publish
from pipelines.zones import Zones, zones

PROVIDERS, MONTHS, START = 6, 12, date(2025, 4, 1)
SIZE = 0.5
_REFERRALS = "IDS101Referral.csv"


class Bytes(NamedTuple):
    """Bytes of files: by all their names, and each file once."""

    named: int
    kept: int


def year(root: Path, providers: int, size: float) -> list[Path]:
    """Write, load and publish month by month; print each release. Returns their folders, in order."""
    home = zones(root)
    ledger = open_ledger(home.ledger)
    write_submissions(
        root / "demo", providers=providers, months=MONTHS, start=START, seed=1, faults=0.0003, size=size
    )
    sent = sorted(path for path in (root / "demo").iterdir() if path.is_dir())
    print("| release | its files, MB | new bytes, MB | shared | processor, s |\n|---|---:|---:|---:|---:|")
    made = [
        _release(home, ledger, [path for path in sent if path.name.endswith(month)], month)
        for month in sorted({path.name.partition("_")[2] for path in sent})
    ]
    corrected = root / "correction" / sent[-1].name
    shutil.copytree(sent[-1], corrected)
    lines = (corrected / _REFERRALS).read_text(encoding="utf-8").splitlines(keepends=True)
    (corrected / _REFERRALS).write_text("".join(lines[:-1]), encoding="utf-8")
    return [*made, _release(home, ledger, [corrected], "corrected")]


def _release(home: Zones, ledger: Ledger, sent: list[Path], name: str) -> Path:
    before, start = bytes_of(home.releases), used()
    for path in sent:
        load(path, home, ledger, spine_key())
    build_core(home, ledger)
    build_marts(home)
    made = publish(home, ledger)
    total = bytes_of(home.releases)
    named, new = total.named - before.named, total.kept - before.kept
    print(
        f"| {name} | {named / 1e6:,.1f} | {new / 1e6:,.1f} | {1 - new / named:.1%} | {used() - start:.0f} |",
        flush=True,
    )
    return home.releases / made["release"]


def bytes_of(folder: Path) -> Bytes:
    """All bytes below a folder."""
    found = by_kind(folder).values()
    return Bytes(sum(each.named for each in found), sum(each.kept for each in found))


def by_kind(folder: Path) -> dict[str, Bytes]:
    """Bytes below a folder by the ending of the file's name, databases by their names."""
    named: dict[str, int] = defaultdict(int)
    kept: dict[str, dict[int, int]] = defaultdict(dict)
    for path in folder.rglob("*"):
        if path.is_file():
            kind = path.name if path.suffix == ".duckdb" else path.suffix.removeprefix(".")
            named[kind] += path.stat().st_size
            kept[kind][path.stat().st_ino] = path.stat().st_size
    return {kind: Bytes(named[kind], sum(kept[kind].values())) for kind in named}


def cuts(before: Path, after: Path) -> Iterator[tuple[str, int, float, float]]:
    """Tables with a provider: name, bytes, and the share of the rows of ``after`` that is in groups of rows which
    ``before`` has too, unchanged: by provider, and by provider and month (of the table's first date).
    """
    with duckdb.connect() as con:
        for file in sorted(after.rglob("*.parquet")):
            earlier = before / file.relative_to(after)
            columns = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE FROM '{file}'").fetchall()}
            if "provider" not in columns or not earlier.is_file():
                continue
            dates = [name for name, kind in columns.items() if kind == "DATE"]
            groups = ["provider"], ["provider", f"date_trunc('month', {dates[0]})"] if dates else ["provider"]
            shares = [_unchanged(con, earlier, file, ", ".join(each)) for each in groups]
            yield file.name, file.stat().st_size, shares[0], shares[1]


def _unchanged(con: duckdb.DuckDBPyConnection, before: Path, after: Path, group: str) -> float:
    of = "SELECT {group}, count(*) AS n, sum(hash(t)::HUGEINT) AS rows FROM '{file}' AS t GROUP BY {group}"
    one, other = (of.format(group=group, file=file) for file in (before, after))
    ((share,),) = con.execute(
        f"SELECT coalesce((SELECT sum(n) FROM (({other}) INTERSECT ({one}))) / nullif(sum(n), 0), 0) FROM ({other})"
    ).fetchall()
    return float(share)


def report(root: Path, providers: int, size: float) -> None:
    """The tables of docs/scale.md. ``root`` is deleted first."""
    shutil.rmtree(root, ignore_errors=True)
    made = year(root, providers, size)
    releases = zones(root).releases
    print("\n| kind | all names, MB | each file once, MB | shared |\n|---|---:|---:|---:|")
    for kind, of in sorted(by_kind(releases).items(), key=lambda each: -each[1].named):
        print(f"| {kind} | {of.named / 1e6:,.1f} | {of.kept / 1e6:,.1f} | {1 - of.kept / of.named:.1%} |")
    for said, (before, after) in (("A new month", made[-3:-1]), ("A correction", made[-2:])):
        found = list(cuts(before, after))
        total = sum(one[1] for one in found)
        provider, month = (sum(one[1] * one[place] for one in found) / total for place in (2, 3))
        print(
            f"\n{said}: of {total / 1e6:.1f} MB in {len(found)} Parquet files with a provider, a file for each "
            f"provider would share {provider:.1%}, one for each of its months {month:.1%}."
        )
        for name, size_of, by_provider, by_month in sorted(found, key=lambda one: -one[1])[:8]:
            print(f"- {name}: {size_of / 1e6:.2f} MB, {by_provider:.1%}, {by_month:.1%}")


def main() -> None:
    """All tables. After the folder: how many services, and what their size is multiplied by."""
    root, *numbers = sys.argv[1:]
    report(
        Path(root).resolve(),
        int(numbers[0]) if numbers else PROVIDERS,
        float(numbers[1]) if len(numbers) > 1 else SIZE,
    )


if __name__ == "__main__":
    main()
