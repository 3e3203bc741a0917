"""The code of a list that a wrong value probably meant: by name or abbreviation, a lost zero, or one slip of a key.

Belongs here: the words by which people call the codes of a list, and which code is nearest. Does not belong here:
lists (``schemas.codes``, ``schemas.tools``), showing a value (``transforms.shown``).

Asked only of elements with a list, never of one that identifies. A code is named only if no other is as near.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from schemas.codes import code_list
from schemas.field import Field
from schemas.instruments import instruments, questions
from schemas.links import TOOL_FIELD
from schemas.snomed import is_right
from schemas.tools import tools

_QUESTIONS = "QuestionCode"
# In two or three characters one slip leads from one code to another.
_LONG_ENOUGH = 5
_SHORTEST_WORD = 4


def has_list(field: Field) -> bool:
    """Whether a list has all codes of the element."""
    return not field.is_identifying and (bool(field.codes) or field.name in (TOOL_FIELD, _QUESTIONS))


def nearest(text: str, field: Field) -> str | None:
    """The code that ``text`` probably meant, if one code of the element's list is nearer than all others.

    ``None`` for a code, and where none is near. Codes of all times are looked at.
    """
    return _nearest(text, field) if has_list(field) else None


@lru_cache(maxsize=100_000)
def _nearest(text: str, field: Field) -> str | None:
    known = meanings(field)
    if text in known:
        return None
    plain = _plain(text)
    words = _words(field)
    for candidates in (
        {code for word, code in words if word == plain},
        {code for code in known if text and text != code and text == code.lstrip("0")},
        {code for word, code in words if len(plain) >= _SHORTEST_WORD and word.startswith(plain)},
        _one_slip_away(text, known),
    ):
        if candidates:
            return candidates.pop() if len(candidates) == 1 else None
    return None


@cache
def meanings(field: Field) -> Mapping[str, str]:
    """Code to meaning, of every code of the element's list."""
    if field.name == TOOL_FIELD:
        return {tool.code: tool.name for tool in tools()}
    if field.name == _QUESTIONS:
        return {question.code: question.name for question in questions()}
    return {code.code: code.meaning for code in code_list(field.codes or "")}


@cache
def _words(field: Field) -> tuple[tuple[str, str], ...]:
    """What people call a code, without case and punctuation, and the code."""
    # An instrument may have several codes: its names mean the one that is preferred.
    of_field = instruments() if field.name == TOOL_FIELD else ()
    preferred = {code: each.accepted[0] for each in of_field for code in each.codes}
    found = [
        (_plain(part), preferred.get(code, code))
        for code, meaning in meanings(field).items()
        for part in _parts(meaning)
    ]
    found += [(_plain(each.instrument), each.accepted[0]) for each in of_field]
    return tuple(dict.fromkeys(pair for pair in found if pair[0]))


def _parts(meaning: str) -> Iterable[str]:
    """A meaning, and what stands before its brackets or its last word "score"."""
    before = re.split(r" *[(:;]", meaning)[0]
    return meaning, before, before.removesuffix(" score")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _one_slip_away(text: str, known: Iterable[str]) -> set[str]:
    """Codes from which ``text`` differs by one character, left out, added, wrong or in its neighbour's place.

    A number with a right check digit is another code, and not a slip.
    """
    if len(text) < _LONG_ENOUGH or (text.isascii() and text.isdigit() and is_right(text)):
        return set()
    return {code for code in known if len(code) >= _LONG_ENOUGH and _is_one_slip(text, code)}


def _is_one_slip(text: str, code: str) -> bool:
    if abs(len(text) - len(code)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(text, code, strict=False)) if a != b), min(len(text), len(code)))
    one, other = text[start:], code[start:]
    swapped = one[1:2] + one[:1] + one[2:]
    return other in (one[1:], swapped) or one == other[1:] or one[1:] == other[1:]
