"""Every case of the corpus in turn: how long the slowest takes, and the memory of the whole run.

Belongs here: timing. Does not belong here: the cases and what they must come to (``tests/corpus``). Run as
``python -m benchmarks.corpus``; aims: each within 5 s and 512 MB.
"""

import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.load import check_path
from pipelines.verdict import state_of
from tests.corpus import came_to, cases, expected


def main() -> None:
    """Check every case once and print the slowest and the peak."""
    lines, took, wrong = expected(), {}, []
    for case in cases():
        with TemporaryDirectory() as root:
            path = case.write(Path(root))
            start = time.perf_counter()
            checked = check_path(path)
            took[case.name] = time.perf_counter() - start
            if came_to(case, checked, state_of(checked).value) != lines[case.name]:
                wrong.append(case.name)
    slowest = max(took, key=lambda name: took[name])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(took)} cases, {len(wrong)} not as expected {wrong}; {sum(took.values()):.0f} s in all")
    print(f"slowest: {slowest}, {took[slowest]:.2f} s; peak of all in one process {peak:,.0f} MB")


if __name__ == "__main__":
    main()
