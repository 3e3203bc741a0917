"""What may be wrong with a zip before anything of it is unpacked: common to zips of tables and to workbooks.

Belongs here: reading its list of files within the limits. Does not belong here: what its files are
(``pipelines.members``, ``transforms.convert.workbook_package``).
"""

import zipfile
import zlib
from typing import IO, Any

from schemas import limits

# What a damaged or hostile archive makes zipfile and zlib raise.
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)


class Sparing:
    """A file that is never read in larger pieces than the list of files in a zip may have.

    ``zipfile`` reads that list as one, however long the zip says it is, and makes an object of each entry.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes. Raises BadZipFile where that is more than such a list may have."""
        if size > limits.DIRECTORY_BYTES:
            raise zipfile.BadZipFile("too long")
        return self._file.read(limits.DIRECTORY_BYTES if size < 0 else size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def swells(members: list[zipfile.ZipInfo]) -> int | None:
    """How many times its size an archive says that it unpacks to, where that is more than is read."""
    unpacked, packed = sum(m.file_size for m in members), max(sum(m.compress_size for m in members), 1)
    return unpacked // packed if unpacked > limits.RATIO_FROM and unpacked > limits.RATIO * packed else None
