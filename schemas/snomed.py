"""What a SNOMED CT identifier is: digits, of which the last one checks the others.

Belongs here: the check digit, and the concept that digits rounded by a spreadsheet probably were. Does not belong
here: which elements take a SNOMED CT code (``schemas.tables``), the form of one (``schemas.tables.shared``).

The check digit is Verhoeff's, over the dihedral group of order 10 (SNOMED International, Release File
Specification, "Check-digit"; J. Verhoeff, Error Detecting Decimal Codes, 1969). It finds every single wrong digit
and every two neighbours that changed places.
"""

import re
from functools import cache, lru_cache

from schemas.field import Field

KEPT_BY_SPREADSHEETS = 15
"""Excel keeps 15 digits of a number and writes zeros for the rest."""
_LONGEST = 18
_CODES = re.compile(r"[0-9]{6,}")  # the shortest code has six digits
_SHIFT = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)  # the permutation that each place applies once more than the one before


@cache
def _permutations() -> tuple[tuple[int, ...], ...]:
    rows = [tuple(range(10))]
    for _ in range(7):
        rows.append(tuple(_SHIFT[digit] for digit in rows[-1]))
    return tuple(rows)


def _times(a: int, b: int) -> int:
    """The product in the dihedral group: below 5 a rotation, from 5 on a reflection."""
    turned = (a + b) % 5 if a < 5 else (a - b) % 5
    return turned if (a < 5) == (b < 5) else turned + 5


def is_right(code: str) -> bool:
    """Whether the last digit of ``code`` (ASCII digits) checks the others."""
    product = 0
    for place, digit in enumerate(reversed(code)):
        product = _times(product, _permutations()[place % 8][int(digit)])
    return product == 0


def with_check_digit(digits: str) -> str:
    """``digits`` with the check digit behind them."""
    return next(digits + last for last in "0123456789" if is_right(digits + last))


def before_rounding(code: str) -> str | None:
    """The concept that a code was before a spreadsheet rounded it; ``None`` if it was not rounded.

    A code of 16 to 18 digits was rounded if all digits after the fifteenth are zeros and its check digit is wrong.
    Codes of that length have a namespace, and the two digits before the last one of such a concept are 10. So the
    digits that are left say the rest, and the check digit follows.
    """
    if not KEPT_BY_SPREADSHEETS < len(code) <= _LONGEST or code[KEPT_BY_SPREADSHEETS:].strip("0") or is_right(code):
        return None
    partition = "10"[max(KEPT_BY_SPREADSHEETS - (len(code) - 3), 0) :]
    return with_check_digit(code[:KEPT_BY_SPREADSHEETS] + partition)


@lru_cache(maxsize=100_000)
def checks_out(text: str) -> bool:
    """Whether every SNOMED CT code in ``text`` has a right check digit; true where there is none."""
    return all(is_right(code) for code in _CODES.findall(text))


def takes_snomed(field: Field) -> bool:
    """Whether an element takes SNOMED CT codes: its form allows one, and not any text."""
    return field.pattern is not None and field.has_form("1035441000000107")


def is_checked(field: Field) -> bool:
    """Whether check digits decide if a value of the element can be one. Where short names stand beside codes, a
    list has all of both.
    """
    return takes_snomed(field) and not field.has_form("SHORT_NAME")
