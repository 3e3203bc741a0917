"""Settings of the centre in the environment: whole numbers, each with its reason where it is used.

Belongs here: reading one. Does not belong here: what is set (``pipelines.apart``, ``pipelines.ask``).
"""

import os

from schemas.errors import NotAsked


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
