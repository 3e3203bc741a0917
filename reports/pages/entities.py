"""The diagram of entities: which tables hold records, and how their keys lead from one to another.

Belongs here: finding the links from the keys, and the drawing as SVG. Does not belong here: charts of figures
(``reports.charts``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

_WIDE, _HIGH, _ACROSS, _DOWN = 168, 26, 40, 10


@dataclass(frozen=True)
class Entity:
    """A table with its key and all of its columns."""

    name: str
    key: frozenset[str]
    columns: frozenset[str]

    def belongs_to(self, other: "Entity") -> bool:
        """Whether each row has the key of one row of ``other``, and the key tells more rows apart than that."""
        return bool(other.key) and other.key < self.columns and not self.key <= other.key


def links(entities: Mapping[str, Entity]) -> dict[str, list[str]]:
    """Each entity with those it belongs to directly, in the order of their names.

    What it belongs to through another is left out: an activity is of a contact, and so of a referral.
    """
    above = {
        name: {other.name for other in entities.values() if other.name != name and each.belongs_to(other)}
        for name, each in entities.items()
    }
    # Tables with one key are one entity: that which belongs to most stands for it, and the others belong to it.
    stands_for: dict[frozenset[str], str] = {}
    for name in sorted(entities, key=lambda each: (-len(above[each]), len(each), each)):
        stands_for.setdefault(entities[name].key, name)
    main = set(stands_for.values())
    for name, each in entities.items():
        above[name] &= main
        if name not in main:
            above[name] = {stands_for[each.key]}
    return {
        name: sorted(other for other in mine if not any(other in above[between] for between in mine - {other}))
        for name, mine in above.items()
    }


def drawn(entities: Mapping[str, Entity]) -> Markup:
    """The entities as boxes, from left to right, with a line from each to what it belongs to."""
    direct = links(entities)
    depth: dict[str, int] = {}
    for name in sorted(entities):
        _depth(name, direct, depth, ())
    places: dict[str, tuple[int, int]] = {}
    for name in _ordered(direct, depth):
        taken = sum(1 for x, _ in places.values() if x == depth[name])
        places[name] = (depth[name], taken)
    width = (max((x for x, _ in places.values()), default=0) + 1) * (_WIDE + _ACROSS) - _ACROSS
    height = (max((y for _, y in places.values()), default=0) + 1) * (_HIGH + _DOWN) - _DOWN
    lines, boxes = [], []
    for name, (x, y) in places.items():
        left, middle = x * (_WIDE + _ACROSS), y * (_HIGH + _DOWN) + _HIGH // 2
        for other in direct[name]:
            to_x, to_y = places[other]
            right, end = to_x * (_WIDE + _ACROSS) + _WIDE, to_y * (_HIGH + _DOWN) + _HIGH // 2
            bend = left - _ACROSS // 2
            lines.append(f'<path d="M{left} {middle}H{bend}V{end}H{right}"/>')
        boxes.append(
            f'<rect x="{left}" y="{middle - _HIGH // 2}" width="{_WIDE}" height="{_HIGH}"/>'
            f'<text fill="#212b32" stroke="none" x="{left + 8}" y="{middle + 5}">{escape(name)}</text>'
        )
    told = "; ".join(f"{name} belongs to {', '.join(of)}" for name, of in sorted(direct.items()) if of)
    return Markup(  # noqa: S704  names of our own tables, escaped
        f'<svg viewBox="-2 -2 {width + 4} {height + 4}" width="{width + 4}" role="img" '
        f'aria-labelledby="entities-title entities-says"><title id="entities-title">Tables of records</title>'
        f'<desc id="entities-says">{escape(told)}.</desc>'
        f'<g fill="none" stroke="#4c6272">{"".join(lines)}</g>'
        f'<g fill="#fff" stroke="#212b32" font-family="Arial, Helvetica, sans-serif" font-size="14">'
        f"{''.join(boxes)}</g></svg>"
    )


def _ordered(direct: Mapping[str, list[str]], depth: Mapping[str, int]) -> list[str]:
    """By depth; within one in the order of what they belong to, so that lines cross seldom."""
    rank: dict[str, int] = {}
    for level in range(max(depth.values(), default=0) + 1):
        level_names = [name for name in depth if depth[name] == level]
        for name in sorted(level_names, key=lambda each: ([rank.get(o, 0) for o in direct[each]], each)):
            rank[name] = len(rank)
    return sorted(rank, key=rank.__getitem__)


def _depth(name: str, direct: Mapping[str, list[str]], depth: dict[str, int], through: tuple[str, ...]) -> int:
    if name not in depth:
        above = [other for other in direct[name] if other not in through]
        depth[name] = max((_depth(other, direct, depth, (*through, name)) + 1 for other in above), default=0)
    return depth[name]
