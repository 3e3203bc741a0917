"""Write ``expected.csv`` anew from what every case comes to now. Read the diff: it is what changed for sites.

Belongs here: writing. Does not belong here: judging, which is done by whoever reads the diff.
"""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.load import check_path
from pipelines.verdict import state_of
from tests.corpus import COLUMNS, EXPECTED, came_to, cases


def main() -> None:
    """Check every case and write the table."""
    with EXPECTED.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        for case in cases():
            with TemporaryDirectory() as root:
                checked = check_path(case.write(Path(root)))
                table.writerow(came_to(case.name, checked, state_of(checked).value))


if __name__ == "__main__":
    main()
