"""Files that a release has unchanged from the release before: one file with two names, not a second copy.

Belongs here: which files are the same, and giving one of them both names. Does not belong here: what is in a
release (``release``), who may write it (``release_folder``).

A file of a release never changes, so that two releases can share one. Its place on the disk is given back when the
last release that has it is removed. A Parquet file names the release that it was written for. If nothing else
differs, the earlier file stays, and names the first release that had its rows. A database names its release inside
and is never shared.
"""

import hashlib
import os
from filecmp import cmp
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.disclosure.parts import files_of
from warehouse.disclosure.screened_tables import ARROW_SCHEMA

# With these keys a Parquet file names its release: by itself, and once more within the schema of Arrow.
_NAMED = (b"release", ARROW_SCHEMA.encode())
# The length of the footer and the magic number, at the end of a Parquet file.
_END = 8
_AT_ONCE = 1 << 20


def share(folder: Path, before: Path | None) -> None:
    """Give every file of the release in ``before`` that ``folder`` has too its name there, in place of the copy.

    Nothing happens without a release before. Where a file cannot get a second name, the copy stays.
    """
    if before is None:
        return
    for path in files_of(folder):
        earlier = before / path.relative_to(folder)
        if path.suffix != ".duckdb" and earlier.is_file() and _is_same(path, earlier):
            beside = path.with_name(f".{path.name}.shared")
            try:
                os.link(earlier, beside)
            except OSError:  # another file system, one without hard links, or too many names already
                continue
            beside.replace(path)


def _is_same(path: Path, earlier: Path) -> bool:
    if path.samefile(earlier):
        return False  # shared already
    if path.suffix == ".parquet":
        return _is_same_table(path, earlier)
    return cmp(path, earlier, shallow=False)


def _is_same_table(path: Path, earlier: Path) -> bool:
    """Whether two Parquet files have the same bytes of rows, types and words, whatever release they name."""
    try:
        one, other = pq.ParquetFile(path), pq.ParquetFile(earlier)
    except (pa.ArrowInvalid, OSError):  # the earlier one was damaged on the disk
        return False
    with one, other:
        return (
            _said(one) == _said(other)
            and _groups(one.metadata) == _groups(other.metadata)
            and _rows_of(path) == _rows_of(earlier)
        )


def _said(file: pq.ParquetFile) -> tuple[object, ...]:
    """What a file says of itself, without its release. Its schema has the words on each column."""
    words = {key: value for key, value in (file.metadata.metadata or {}).items() if key not in _NAMED}
    fields = [(field.name, str(field.type), field.nullable, field.metadata) for field in file.schema_arrow]
    return file.metadata.created_by, words, fields


def _groups(metadata: pq.FileMetaData) -> list[dict[str, object]]:
    return [metadata.row_group(number).to_dict() for number in range(metadata.num_row_groups)]


def _rows_of(path: Path) -> bytes:
    """SHA-256 of a Parquet file without its footer, which names the release."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(-_END, os.SEEK_END)
        left = file.tell() - int.from_bytes(file.read(4), "little")
        file.seek(0)
        while left > 0 and (part := file.read(min(left, _AT_ONCE))):
            digest.update(part)
            left -= len(part)
    return digest.digest()
