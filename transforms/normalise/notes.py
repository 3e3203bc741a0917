"""Notes of what was read: one for each cause, with the number of cells and one example that identifies nobody.

Belongs here: putting what was read in the columns of all tables together, in words. Does not belong here: reading
(``transforms.normalise.reading``), the sentences of the notes (``schemas.gate``).
"""

from collections.abc import Iterable, Sequence

import polars as pl

from schemas.gate import GATE
from schemas.spellings import Spelling
from transforms.findings import note
from transforms.normalise.cells import Read
from transforms.shown import shape, shown


def notes(read: Iterable[Read]) -> list[pl.DataFrame]:
    """The notes (findings frames) of what was read in a submission, in the order of the spellings."""
    together: dict[tuple[Spelling, str], list[Read]] = {}
    for each in read:
        together.setdefault((each.spelling, each.word), []).append(each)
    order = list(Spelling)
    return [_note(together[key]) for key in sorted(together, key=lambda key: (order.index(key[0]), key[1]))]


def _note(of: Sequence[Read]) -> pl.DataFrame:
    tables = list(dict.fromkeys(each.table.id for each in of))
    fields = list(dict.fromkeys(each.field.name for each in of))
    most = max(of, key=lambda each: (not each.field.is_identifying, each.cells))
    where = f"{_counted(sum(each.cells for each in of), 'cell')} of {_named(fields)}"
    if len(tables) > 1:
        where += f" in {len(tables)} tables"
    said = f"«{most.word}» in {where}" if most.word else f"{where}, such as {_example(most)}"
    one_field = fields[0] if len(of) == 1 else None
    return note(GATE[f"GATE-SPELLING-{most.spelling}"], tables[0] if len(tables) == 1 else None, said, one_field)


def _example(of: Read) -> str:
    """What was read as what, or the shape of each where the element identifies a person."""
    pair = pl.Series("text", [of.submitted, of.means], dtype=pl.String)
    text = pl.col("text")
    as_it_is = pl.when(shown(text, of.field) == text).then(text)
    said = shape(text) if of.field.is_identifying else as_it_is.otherwise(shape(text))
    submitted, means = pair.to_frame().select(said).to_series()
    return f"«{submitted}» read as «{means}»" if means is not None else f"«{submitted}» read as blank"


def _named(fields: Sequence[str]) -> str:
    return fields[0] if len(fields) == 1 else f"{len(fields)} elements"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
