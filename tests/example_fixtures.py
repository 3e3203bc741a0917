"""The example submission with something changed: real files, one fault at a time.

Belongs here: writing ``schemas/example`` to a folder with records changed. Does not belong here: what is expected of
the outcome.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.versions import Version, tables_of

Change = tuple[str, int, Mapping[str, str | None]]
"""Table id, record (0 is the first), and the values that take the place of the example's."""

Records = Sequence[Mapping[str, str | None]]


def example(root: Path, *changes: Change, only: Mapping[str, Records] | None = None) -> Path:
    """The example submission below ``root`` with ``changes``; a record past the last is a copy of the first.

    ``only`` replaces the records of the tables it names by changes of the first, and leaves out all other tables but
    the header.
    """
    folder = root / "RW5_2026-04"
    folder.mkdir(parents=True, exist_ok=True)
    for table_id in tables_of(Version.SMI_1_0):
        records = [dict(record) for record in example_records(TABLES[table_id])]
        if only is not None and table_id != "IDS000":
            if table_id not in only:
                continue
            records = [records[0] | dict(changed) for changed in only[table_id]]
        for changed, number, values in changes:
            if changed == table_id:
                if number >= len(records):
                    records.append(dict(records[0]))
                    number = len(records) - 1
                records[number] |= values
        write_records(folder, table_id, records)
    return folder


def write_records(folder: Path, table_id: str, records: Records, names: Sequence[str] = ()) -> None:
    """One table as CSV, with the columns named or those of version 1.0."""
    names = names or [field.name for field in tables_of(Version.SMI_1_0)[table_id].fields]
    with (folder / f"{TABLES[table_id].name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(records)
