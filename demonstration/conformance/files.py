"""The files of a case: tables as CSV, and all of them as a zip whose bytes are always the same.

Belongs here: bytes. Does not belong here: the records (``cases``), writing them to a disk
(``pipelines.conformance``).
"""

import csv
import io
import zipfile
from collections.abc import Mapping

from demonstration.conformance.cases import Records
from schemas.dataset import TABLES
from schemas.versions import Version, tables_of

Files = dict[str, bytes]
"""The files of a submission: content by name."""

VERSION = Version.SMI_1_0
"""The version of the dataset of all cases: the one with all tables."""


def table_files(records: Records, version: Version = VERSION) -> Files:
    """The tables of a submission as CSV with the elements of the version, and others that hold something. A
    table without records is left out, unless a submission must have it.
    """
    asked = tables_of(version)
    found = {}
    for table_id, rows in records.items():
        table = TABLES[table_id]
        if rows or table.is_required:
            names = [field.name for field in asked.get(table_id, table).fields]
            names += [name for name in table.by_name if name not in names and any(row[name] for row in rows)]
            text = io.StringIO()
            writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            found[f"{table.name}.csv"] = text.getvalue().encode()
    return found


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip. Its entries have no time of their own, so that the same files are the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()
