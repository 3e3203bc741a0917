"""Rows with another number of values than there are names: which of them can mean one thing only.

Belongs here: rows without their last commas, and rows with commas after their last value, as spreadsheets and
exports write them. Does not belong here: reading records (``transforms.receive.csv_records``).

A row that is too short may lack blank values at its end, or a value in its middle. In the second case every value
after it stands under the wrong name. So short rows are read only if the file shows that blanks at the end are left
out, and if what is there fits its columns (decision 0082).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from schemas.codes import code_list
from schemas.field import Field, Mandation
from schemas.table import Table
from schemas.versions import Version, as_checked
from transforms.receive.structure import Names

# Fewer such rows were made by hand, not by a program.
_FEWEST = 3
# Excel decides about the last commas for each so many rows together, the row of names included.
_BLOCK = 16
# Of the values of a column at most one in so many may not fit, or twice the share of the other rows.
_ONE_IN = 25
_BY_HOW_MANY = 2


@dataclass
class RowEnds:
    """The rows of a table whose number of values is another one, noted one by one.

    ``width`` is the number of names. ``declared`` has the element of each column that has one, by its position.
    ``short`` are rows that lack a value of an element, each with how many it has, ``long`` those with blank values
    after the last name.
    """

    width: int
    declared: dict[int, Field]
    short: list[tuple[int, int]] = field(default_factory=list)
    long: list[int] = field(default_factory=list)
    _others: int = 0
    _rows: int = 0
    _surpluses: set[int] = field(default_factory=set)
    _has_blank_within: bool = False
    _ends_blank: bool = False
    _blocks: dict[int, tuple[int, bool]] = field(default_factory=dict)
    _is_of_blocks: bool = True

    @property
    def named(self) -> int:
        """The number of columns up to the last one with an element."""
        return max(self.declared, default=-1) + 1

    def fitted(self, number: int, values: Sequence[str]) -> list[str] | None:
        """The values of row ``number``, as many as there are names, if they may be meant so; else ``None``.

        Only columns without an element are missing in a row that is no finding.
        """
        count = len(values)
        is_filled = bool(values[-1].strip())
        self._rows += 1
        self._ends_blank = self._ends_blank or not is_filled
        self._note_block(number, count, is_filled=is_filled)
        if count == self.width:
            return list(values)
        if count > self.width:
            if any(value.strip() for value in values[self.width :]):
                self._others += 1
                return None
            self._surpluses.add(count)
            self.long.append(number)
            return list(values[: self.width])
        if count < self.named:
            self.short.append((number, count))
            self._has_blank_within = self._has_blank_within or not all(value.strip() for value in values[:-1])
        return [*values, *([""] * (self.width - count))]

    def note_other(self) -> None:
        """There is a row that is no record for another reason."""
        self._rows += 1
        self._others += 1

    def _note_block(self, number: int, count: int, *, is_filled: bool) -> None:
        """Whether all rows of a block have as many values, and one of them fills the last of them."""
        if not self._is_of_blocks:
            return
        block = (number - 1) // _BLOCK
        known, was_filled = self._blocks.get(block, (count, False))
        self._is_of_blocks = known == count
        self._blocks[block] = (count, was_filled or is_filled)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the short rows."""
        return [number for number, _ in self.short]

    @property
    def are_all_long(self) -> bool:
        """Whether every row has the same number of blank values after its last column, so that a program wrote
        them.
        """
        return len(self.long) >= _FEWEST and len(self.long) == self._rows and len(self._surpluses) == 1

    def may_end_blank(self) -> bool:
        """Whether the file shows that blank values at the end of a row are left out, and no others.

        As Excel does it: in each block of 16 rows all have as many values as the longest one needs. Or as other
        programs do: every row ends with a value, and short ones have blanks before it.
        """
        if len(self.short) < _FEWEST or self._others or self.long:
            return False
        narrowest = min(count for _, count in self.short)
        required = [place for place, each in self.declared.items() if each.mandation == Mandation.MANDATORY]
        if max(required, default=-1) >= narrowest:
            return False  # a mandatory value is missing
        is_of_blocks = self._is_of_blocks and all(
            count == self.width or is_filled for count, is_filled in self._blocks.values()
        )
        widest = max(count for _, count in self.short)
        could_skip = any(place < widest and place not in required for place in self.declared)
        return is_of_blocks or (not self._ends_blank and (self._has_blank_within or not could_skip))


def row_ends(table: Table, version: Version | None, mapping: dict[str, str], names: Names) -> RowEnds:
    """The ends of the rows below ``names``; ``mapping`` has the element of each position."""
    known = as_checked(table.id, version).by_name if version else table.by_name
    width = len(names.values)
    of_names = {(names.row - 1) // _BLOCK: (width, True)}
    return RowEnds(width, {int(place): known[name] for place, name in mapping.items()}, _blocks=of_names)


def they_fit(rows: pl.LazyFrame, short: Sequence[int], declared: dict[int, Field]) -> bool:
    """Whether the values of ``short`` rows fit their columns as well as those of the other rows do.

    ``rows`` has row_number and every element as text, blank as null.
    """
    is_short = pl.col("row_number").is_in(pl.Series(short, dtype=pl.Int64).implode())
    counts = [
        expression.alias(f"{part} {what} {each.name}")
        for each in declared.values()
        for part, of in (("short", is_short), ("other", ~is_short))
        for what, expression in (
            ("wrong", (_is_wrong(each) & of).sum()),
            ("all", (pl.col(each.name).is_not_null() & of).sum()),
        )
    ]
    found = rows.select(counts).collect(engine="streaming").row(0, named=True)
    return all(
        _is_few(*(found[f"{part} {what} {each.name}"] for part in ("short", "other") for what in ("wrong", "all")))
        for each in declared.values()
    )


def _is_wrong(element: Field) -> pl.Expr:
    """Whether a value does not fit its element; a blank does not where a value is mandatory."""
    text = pl.col(element.name)
    if element.codes:
        fits = text.is_in([code.code for code in code_list(element.codes)])
    else:
        fits = text.str.contains(element.lexical)
        fits = fits & ~text.str.contains(element.unlike) if element.unlike else fits
    return ~fits.fill_null(element.mandation != Mandation.MANDATORY)


def _is_few(wrong: int, filled: int, wrong_others: int, filled_others: int) -> bool:
    if wrong * _ONE_IN <= filled:
        return True
    return wrong * max(filled_others, 1) <= _BY_HOW_MANY * wrong_others * max(filled, 1)
