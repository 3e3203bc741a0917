"""Run every operation of ``docs/operations.md``: the tests that its rows name, each file once, one after another.

Belongs here: reading the table, running, saying what came out. Does not belong here: the tests.

    python -m tests.operations [--campaign | --sample]

A file that a row calls a campaign runs whole. ``--campaign`` runs these alone, ``--sample`` the others alone.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

_ROOM = Path(__file__).parents[1]
# | operation | command | what must come out | `tests/….py` (campaign) |
_ROW = re.compile(r"^\| .* \| ([^|]*tests/[^|]*) \|$", re.M)


def files() -> dict[str, tuple[int, bool]]:
    """File of tests → how many rows name it, and whether one of them calls it a campaign."""
    found: dict[str, tuple[int, bool]] = {}
    for cell in _ROW.findall((_ROOM / "docs" / "operations.md").read_text("utf-8")):
        for name in re.findall(r"tests/[a-z_/]+\.py", cell):
            rows, is_whole = found.get(name, (0, False))
            found[name] = (rows + 1, is_whole or "campaign" in cell)
    return found


def main(only: str = "") -> int:
    """Run them, print a line for each, and return how many files failed."""
    failed = 0
    for name, (rows, is_whole) in files().items():
        if only and is_whole is not (only == "--campaign"):
            continue
        since = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-n", "0", *(["--campaign"] if is_whole else []), name]
        ran = subprocess.run(command, cwd=_ROOM, capture_output=True, text=True, errors="replace", check=False)
        said = [line for line in ran.stdout.splitlines() if re.search(r"\d (passed|failed|skipped|error)", line)]
        took = time.monotonic() - since
        sys.stdout.write(
            f"{name}: {rows} rows, {took:.0f} s: {said[-1] if said else f'ended with {ran.returncode}'}\n"
        )
        sys.stdout.flush()
        if ran.returncode:
            failed += 1
            sys.stdout.write("\n".join(ran.stdout.splitlines()[-60:]) + "\n")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
