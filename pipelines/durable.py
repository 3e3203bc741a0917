"""Files that outlast a loss of power: written, moved and known to be on the disk.

Belongs here: waiting for the disk, and the order of content before name. Does not belong here: which file depends
on which (``pipelines.load``).

A file that was renamed may be empty after a loss of power, unless its bytes were on the disk before. The new name
itself is content of the folder, which has to be waited for too.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from warehouse.storage import sync

_AT_ONCE = 8


def sync_all(folder: Path) -> None:
    """Wait until every file below ``folder`` and every folder there is on the disk, itself included.

    The files are waited for at once: the file system then writes its journal for several together.
    """
    folders, files = [], []
    for inside, _, names in os.walk(folder, topdown=False):
        folders.append(Path(inside))
        files += [Path(inside, name) for name in names]
    with ThreadPoolExecutor(_AT_ONCE) as waiting:
        list(waiting.map(sync, files))
    for path in folders:
        sync(path)


def sync_up(folder: Path, top: Path) -> None:
    """Wait until ``folder`` has its name in the folder above it, and so on up to ``top``."""
    while folder != top:
        folder = folder.parent
        sync(folder)


def move(source: Path, target: Path) -> None:
    """Give a file or folder whose content is on the disk another name, and wait for the name."""
    source.rename(target)
    sync(target.parent)


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all, and wait for content and name. Only one process may write it."""
    beside = path.with_name(f".{path.name}")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync(path.parent)


def append(path: Path, line: str) -> None:
    """Write a file with one line more, whole or not at all. Only one process may write it."""
    earlier = path.read_text(encoding="utf-8") if path.exists() else ""
    write(path, f"{earlier}{line}\n")
