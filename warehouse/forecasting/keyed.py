"""Random numbers by a key: the same key gives the same numbers, whatever else is drawn.

Belongs here: how a key becomes a stream of numbers. Does not belong here: which keys there are, what is drawn.
"""

from hashlib import sha256

import numpy as np


def random_of(key: str) -> np.random.Generator:
    """A new stream of random numbers (PCG64), seeded by the first eight bytes of the SHA-256 of ``key``."""
    return np.random.Generator(np.random.PCG64(int.from_bytes(sha256(key.encode()).digest()[:8], "big")))
