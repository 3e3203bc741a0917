"""How the files of the warehouse are written, read and identified.

Belongs here: the storage version and the connection settings of every writer, those that shut a reader in, the hash
of a file, its bytes, waiting for the disk. Does not belong here: what is written.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

Config = dict[str, str | bool | int | float | list[str]]

# DuckDB 2.0's own format is newer than the released command line (1.5) can open; files of this version open from
# DuckDB 1.3 (May 2025) on. v1.0.0 knows no joint dictionary and FSST compression: files are 10 % larger and take
# a fifth longer to write.
STORAGE_VERSION = "v1.3.0"

# read_only alone still lets a statement read any file, attach other databases and write copies (measured). These
# settings prevent all of it.
SHUT_IN: Config = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}


def writing(**settings: str | bool | int | float | list[str]) -> Config:
    """Connection settings of a writer: the storage version and the settings it requires."""
    return {"storage_compatibility_version": STORAGE_VERSION, **settings}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file, or of every file below a folder. A file with two names there counts twice; one that is gone
    meanwhile does not count.
    """
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size
    size = 0
    for inside, _, names in os.walk(path):
        for name in names:
            with suppress(FileNotFoundError):
                size += Path(inside, name).lstat().st_size
    return size


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
