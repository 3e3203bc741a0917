"""Who may read what lies below the data root: modes and owners, checked at every start.

Belongs here: what is mended, what is refused, and the words for it. Does not belong here: the names of the zones
(``pipelines.zones``).

A copy that was restored from a backup, or a file that was put there by hand, is often open to everybody. What is
ours is closed again. A link, or what belongs to somebody else, is refused: who can replace a file can make Parity
read or write another one.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from schemas.errors import ForThePerson

# Analysts read these: the centre may open them to a group. Nobody else may ever write there.
_READERS = frozenset({"releases", "warehouse.duckdb"})
# Sites write here, perhaps by another account, and the gate refuses their links one by one.
_SITES = "inbox"
# A second name would be a way around the folder's mode. The warehouse has one on purpose.
_ONE_NAME = frozenset({"received", "site_reports", "pseudonymised"})
_SHOWN = 5


class NotOurs(ForThePerson):
    """Something below the data root can be replaced or read by somebody else. Nothing was done."""


def hold(root: Path) -> list[str]:
    """Close what is open to others below ``root``, and return what was closed, in words.

    Folders become 0700 and files 0600; only write permission is taken from releases. Raises NotOurs for links,
    second names and special files, and for what belongs to another account. In the inbox only the modes of our own
    files are mended.
    """
    closed: Counter[str] = Counter()
    refused: list[str] = []
    own = root.stat()
    if own.st_uid != os.getuid():
        refused.append("the data root itself belongs to another account")
    elif own.st_mode & 0o022:
        root.chmod(stat.S_IMODE(own.st_mode) & ~0o022)
        closed["the data root"] += 1
    for zone, entry, status in _below(root, ""):
        if zone == _SITES and entry.path != str(root / _SITES) and _is_no_matter(status):
            continue
        if (problem := _problem(zone, status)) is not None:
            refused.append(f"{Path(entry.path).relative_to(root).parts[0]}: {problem}")
        elif left := status.st_mode & (0o022 if zone in _READERS else 0o077):
            Path(entry.path).chmod(stat.S_IMODE(status.st_mode) & ~left)
            closed[zone] += 1
    if refused:
        counted = Counter(refused)
        said = "; ".join(f"{problem} ({n})" for problem, n in sorted(counted.items())[:_SHOWN])
        raise NotOurs(
            f"The data root {root} is not safe, and nothing was done. {said}. Remove these, or give them to the "
            "account that runs Parity (chown). To use another disk, mount it or name it in PARITY_HOME."
        )
    return [
        f"Files or folders in {zone} that were open to other users, and are closed now: {n:,}."
        for zone, n in closed.items()
    ]


def _below(folder: Path, zone: str) -> Iterator[tuple[str, "os.DirEntry[str]", os.stat_result]]:
    """Everything below ``folder``, with its zone, the first name below the root."""
    waiting = [(str(folder), zone)]
    while waiting:
        at, of = waiting.pop()
        try:
            entries = os.scandir(at)
        except (FileNotFoundError, PermissionError):  # gone meanwhile, or a site's own folder in the inbox
            continue
        with entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield of or entry.name, entry, status
                if stat.S_ISDIR(status.st_mode):
                    waiting.append((entry.path, of or entry.name))


def _is_no_matter(status: os.stat_result) -> bool:
    return status.st_uid != os.getuid() or not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode))


def _problem(zone: str, status: os.stat_result) -> str | None:
    if stat.S_ISLNK(status.st_mode):
        return "a link leads elsewhere"
    if status.st_uid != os.getuid():
        return "something belongs to another account"
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return "something is neither a file nor a folder"
    if zone in _ONE_NAME and stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        return "a file has a second name (hard link)"
    return None
