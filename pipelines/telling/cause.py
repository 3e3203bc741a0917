"""A cause: one thing that is wrong, what it means, and what mends it.

Belongs here: what every cause has, and what a look at an installation finds. Does not belong here: looking
(``pipelines.telling.months``, ``pipelines.telling.runs``), sending (``pipelines.telling.channels``).

A message leaves the centre's machine. So a cause names providers, months, jobs and steps. It has no count of
records, no file name, no reason that a person wrote, and no text of an exception.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong. ``name`` stays as long as it lasts; ``state`` changes when it is another thing.

    ``do`` has commands, in order. ``is_ours``: the centre must act, so it is told again while it lasts. ``over``
    says what its end means; without it the end is not told.
    """

    name: str
    title: str
    text: str
    do: Sequence[str]
    over: str
    state: str = ""
    is_ours: bool = True


@dataclass(frozen=True)
class Found:
    """What a look found. Of causes whose names begin with one of ``unsure`` nothing is known at the moment."""

    causes: Sequence[Cause]
    unsure: Sequence[str] = ()
