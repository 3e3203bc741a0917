"""Text that a person gives and that is kept: why a month counts, or why a number is unlike the ones before.

Belongs here: what such a text may not have in it. Does not belong here: what is done with it
(``pipelines.deciding``, ``pipelines.explaining``).

It lies outside the identifiable zone, in the ledger and on pages. No program can tell every name from a word. What
has the shape of an NHS number, a postcode, an address of e-mail or a long number is refused.
"""

import re
import unicodedata

from schemas.errors import NotAsked
from schemas.nhs_number import CHECK_WEIGHTS
from schemas.shapes import NHS_NUMBER, POSTCODE

LONGEST = 200
_SHORTEST = 3
_NHS_DIGITS = 10
# Six digits in a row may be an identifier of a local system. A month or a count has fewer.
_REFUSED = (
    ("an NHS number", NHS_NUMBER),
    ("a postcode", POSTCODE),
    ("an address of e-mail", r"^\S+@\S+\.\S+$"),
    ("a long number, as of a patient", r"^.*[0-9]{6}.*$"),
)
# The dataset began in 2012. A reason is about its months, so an earlier full date may be a day of birth: it is
# refused.
_EARLY_YEAR = r"(19[0-9]{2}|200[0-9]|201[01])"
_EARLY_DAY = re.compile(
    rf"[0-9]{{1,2}}(st|nd|rd|th)?[^0-9a-zA-Z]{{1,3}}([0-9]{{1,2}}|[A-Za-z]{{3,9}})[^0-9a-zA-Z]{{1,3}}{_EARLY_YEAR}\b"
    rf"|\b{_EARLY_YEAR}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}\b"
)
# Digits with no letter between them, however they are set apart.
_DIGITS = re.compile(r"[0-9]+(?:[^0-9a-zA-Z]{1,3}[0-9]+)+")
# A spreadsheet runs what begins so.
_RUN = "=+-@"


def kept(text: str, option: str, example: str) -> str:
    """``text`` as it is kept. Raises NotAsked, without the text, for one that is too short, too long, or has
    something in it that may identify a person. ``option`` and ``example`` say what was meant.
    """
    found = " ".join(text.split()).rstrip(".")
    if not _SHORTEST <= len(found) <= LONGEST:
        raise NotAsked(f'Give {option} in {_SHORTEST} to {LONGEST} characters, such as {option} "{example}".')
    if found[0] in _RUN or not found.isprintable():
        raise NotAsked(f"{option} may not begin with {' '.join(_RUN)}, and has printing characters only.")
    if (what := _identifying(_in_ascii(found))) is not None:
        raise NotAsked(f"{option} has something like {what}. Say it without.")
    return found


def _identifying(text: str) -> str | None:
    """What in a text may identify a person, in words; ``None`` if nothing has such a shape."""
    words = [word.strip(".,;:()«»'\"") for word in text.split()]
    apart = re.findall(r"[0-9a-zA-Z]+", text)
    parts = [
        " ".join(some[at : at + number])
        for some in (words, apart)
        for number in (1, 2, 3)
        for at in range(len(some))
    ]
    for what, shape in _REFUSED:
        if any(re.match(shape, part) for part in parts):
            return what
    if any(_has_nhs_number(run[0]) for run in _DIGITS.finditer(text)):
        return "an NHS number"
    return "a date of birth" if _EARLY_DAY.search(text) else None


def _in_ascii(text: str) -> str:
    """A text with the digits and letters of other scripts and widths as plain ones, where they have a plain one."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.digit(sign, sign)) for sign in plain)


def _has_nhs_number(run: str) -> bool:
    """Whether groups of digits that follow each other make ten digits with a right check digit."""
    groups = re.findall("[0-9]+", run)
    some = ("".join(groups[first:last]) for last in range(len(groups) + 1) for first in range(last))
    return any(len(digits) == _NHS_DIGITS and _is_right(digits) for digits in some)


def _is_right(digits: str) -> bool:
    weighted = sum(int(digit) * weight for digit, weight in zip(digits, CHECK_WEIGHTS, strict=False))
    return (weighted + int(digits[-1])) % 11 == 0
