"""Keys that are written otherwise in one table than in another: 123 for 00123, 12.0 for 12, r1 for R1.

Belongs here: comparing the keys of records that name nobody with those that are there. Does not belong here:
records that are really missing: a key that is like none stays what the rule says of it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import polars as pl

from schemas.causes import CAUSES
from schemas.dataset import TABLES
from schemas.links import looks_up
from transforms.causes.cause import FEWEST, Affected, Cause
from transforms.causes.found import Columns, cause_of
from transforms.receive.table import Received
from transforms.related import ROW

_NEARLY_ALL = 0.9


class _Unlike(NamedTuple):
    """Keys of a column that name nobody in the table ``named``, and are like one there; ``is_founded``: so many of
    them, and so few others, that it is a cause.
    """

    named: str
    affected: Affected
    is_founded: bool


def causes_of_keys(read: Mapping[str, Received], columns: Columns, kept: Mapping[str, pl.DataFrame]) -> list[Cause]:
    """Columns of which nearly every key that names nobody is like one that is there, and the like of other columns
    that name the same table: in a table of one row it is the same fault.

    ``kept`` has, of each table's rows, which records they name (``transforms.validate.Found``).
    """
    unlike = list(_unlike(read, columns, kept))
    named = {each.named for each in unlike if each.is_founded}
    found = [each.affected for each in unlike if each.named in named]
    return [cause_of(CAUSES["CAUSE-KEYS-UNLIKE"], found)] if found else []


def _unlike(read: Mapping[str, Received], columns: Columns, kept: Mapping[str, pl.DataFrame]) -> Iterator[_Unlike]:
    for (table_id, name), looked in columns.items():
        for named_id, (own, other) in looks_up(TABLES[table_id]).items():
            named = read.get(named_id)
            if own != name or named is None or named.rows is None or other not in named.columns:
                continue
            if named.refused.keys.is_empty() and not kept[table_id][f"{named_id}_{ROW}"].null_count():
                continue  # every row names a record. To read both again took 0.7 s for 1 M contacts.
            there = named.rows.select(key=pl.col(other)).drop_nulls().unique().collect(engine="streaming")["key"]
            values = looked.values[name]
            lost = values.filter(~values.is_in(there.implode()))
            like = lost.filter(_plain(lost).is_in(_plain(there).implode()))
            if like.is_empty():
                continue
            rows = looked.rows.filter(pl.col(name).is_in(like.implode())).select("row_number")
            numbers = rows.collect(engine="streaming")["row_number"].sort()
            affected = Affected(table_id, name, numbers, int(looked.values["len"].sum()))
            yield _Unlike(named_id, affected, len(like) >= max(FEWEST, _NEARLY_ALL * len(lost)))


def _plain(keys: pl.Series) -> pl.Series:
    """Keys without what programs change of them: capitals, leading zeros, decimals, blanks and hyphens."""
    return (
        keys.str.to_lowercase()
        .str.replace(r"[.]0+$", "")
        .str.replace_all(r"[ _-]", "")
        .str.replace(r"^([a-z]*)0+([0-9])", "${1}${2}")
    )
