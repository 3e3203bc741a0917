"""Rows read along with others in the same order: one question for all pages of a kind, memory flat.

Belongs here: handing out the rows of one page from a stream of all. Does not belong here: the questions.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any


class Beside:
    """Rows sorted by ``key``, read along with pages in the same order.

    ``order`` gives the place of each key; without it keys are in the order of their text.
    """

    def __init__(self, rows: Iterator[dict[str, Any]], key: str, order: Mapping[str, int] | None = None) -> None:
        """Of rows that a question gives in that order."""
        self._groups = groupby(rows, key=itemgetter(key))
        self._order = order
        self._next = next(self._groups, None)

    def of(self, key: str) -> Iterator[dict[str, Any]]:
        """The rows of a key. Ask for keys in order; those in between are passed over."""
        while self._next is not None and self._before(self._next[0], key):
            self._next = next(self._groups, None)
        if self._next is not None and self._next[0] == key:
            yield from self._next[1]
            self._next = next(self._groups, None)

    def _before(self, one: str, other: str) -> bool:
        return one < other if self._order is None else self._order[one] < self._order[other]
