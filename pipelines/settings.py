"""Settings of the centre in the environment: whole numbers, and secrets in files, each with its reason where it is
used.

Belongs here: reading one. Does not belong here: what is set (``pipelines.apart``, ``pipelines.ask``).
"""

import os
from pathlib import Path

from schemas.errors import NotAsked

SPELLINGS = "PARITY_SPELLINGS"


def whole_number(name: str, otherwise: int) -> int:
    """The number in the environment variable ``name``; ``otherwise`` where it is not set.

    Raises NotAsked for anything but a whole number from 1.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 1 << 31):
        raise NotAsked(f"{name} must be a whole number from 1, such as {otherwise}.")
    return int(text)


def is_as_written() -> bool:
    """Whether everything is taken as it is written (PARITY_SPELLINGS=refuse): then no value and no name that is
    spelled otherwise than declared is read as what it means. Without the setting it is read.

    Raises NotAsked for another value than «read» and «refuse».
    """
    said = os.environ.get(SPELLINGS, "").strip() or "read"
    if said not in ("read", "refuse"):
        raise NotAsked(f"{SPELLINGS} must be read or refuse.")
    return said == "refuse"


def secret(name: str) -> str:
    """The first line of the file whose path is in the environment variable ``name``.

    The environment of a process is inherited by every program that it starts, so no secret belongs there. Raises
    NotAsked, without the content, if there is no such file, if it is empty, or if others may read it.
    """
    path = os.environ.get(name, "").strip()
    try:
        with Path(path).open(encoding="utf-8") as file:
            is_open = bool(os.fstat(file.fileno()).st_mode & 0o077)
            line = file.readline(4096).strip()
    except (OSError, ValueError) as error:
        raise NotAsked(f"{name} must name a file that can be read ({type(error).__name__}).") from None
    if is_open:
        raise NotAsked(f"Others may read the file that {name} names. Close it: chmod 600.")
    if not line:
        raise NotAsked(f"The file that {name} names is empty.")
    return line
