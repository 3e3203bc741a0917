"""Who is to be erased: the people that a request names, and all that they are called.

Belongs here: reading a request, and collecting the names found. Does not belong here: erasing
(``pipelines.custody.erase``).
"""

import csv
from dataclasses import dataclass, field

import polars as pl

from schemas.errors import NotAsked
from transforms.pseudonymise import nhs_number
from transforms.strike import PATIENT, Identifiers


@dataclass
class Known:
    """What is known of the people to erase: their numbers, and by provider what that provider calls them."""

    numbers: set[str] = field(default_factory=set)
    own: dict[str, Identifiers] = field(default_factory=dict)

    def at(self, provider: str) -> Identifiers:
        """As one provider knows them."""
        own = self.own.get(provider, Identifiers()) if provider else Identifiers()
        return Identifiers(set(self.numbers), own.copy().own)

    def learn(self, provider: str, found: Identifiers) -> bool:
        """Add what was found at a provider. Says whether a number or a patient was new."""
        here = self.own.setdefault(provider, Identifiers())
        is_new = bool(found.numbers - self.numbers or found.own[PATIENT] - here.own[PATIENT])
        self.numbers |= found.numbers
        for name, values in found.own.items():
            here.own[name] |= values
        return is_new


def people_in(text: str) -> Known:
    """The people that a text names, one a line: an NHS number, or a provider's code, a comma, and its patient id.

    Raises NotAsked, without the line's text, if a line is neither.
    """
    known = Known()
    for place, cells in enumerate(csv.reader(text.splitlines()), start=1):
        said = [cell.strip() for cell in cells]
        if not any(said):
            continue
        number = pl.select(nhs_number(pl.lit(said[0]))).item() if len(said) == 1 else None
        if number:
            known.numbers.add(number)
        elif len(said) == 2 and all(said):
            known.own.setdefault(said[0].upper(), Identifiers()).own[PATIENT].add(said[1])
        else:
            raise NotAsked(
                f"Line {place} names nobody. It must have an NHS number, or the provider's code, a comma and the "
                "patient's id there, such as RW5,P123."
            )
    if not known.numbers and not known.own:
        raise NotAsked("Nobody is named. Give one person a line, on standard input or in a file.")
    return known
