"""Numbers of a page that nothing accounts for: neither read back from the release nor of a kind that is no figure.

Belongs here: which kinds of numbers are no figures, and whether a number says one again that the page has with its
source. Does not belong here: comparing those with the release (``warehouse.disclosure.screened_pages``).
"""

import re
from collections.abc import Iterator

from warehouse.disclosure.screened_pages import read_page

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_ONE = r"[0-9]+(?:\.[0-9]+)?"
# What is no figure: each kind with the reason why it needs no source. What they match is taken out of a text.
NO_FIGURES = {
    "a month, a year or a financial year": rf"(?:[0-9]{{1,2}} )?{_MONTH} (?:19|20)[0-9]{{2}}|\b(?:19|20)[0-9]{{2}}(?:[-/][0-9]{{2}})?\b",
    "how many months or years of a period": r"\b[0-9]+(?: (?:of|to|in|out of) [0-9]+)? (?:complete )?(?:rolling )?(?:months?|years?|quarters?)\b",
    "a threshold of the rule for small counts": r"\b(?:fewer than|under|at least|over|more than) [0-9,]+(?: of)?\b",
    "a time or a number of sessions in a definition": r"\b[0-9]+(?:(?: to | or |-)[0-9]+)?[ -](?:weeks?|days?|sessions?|hours?|points?|per)\b|"
    r"\b(?:interval|intervention|therapy|psychosis|disorders?|sessions?) [0-9]+\b",
    "a scale, an age or a group": r"(?<![0-9.,])[0-9]+(?: [a-z ]+)? (?:to|and|or) (?:[0-9]+|over|older|more)\b|\b[Uu]nder [0-9]+|\b[0-9]+ \([a-z ]+\)",
    "the number of a question or a part": r"\b(?:[Qq]uestion|[Ii]tem|[Cc]ode|[Pp]art|version|decile|quintile|[Ss]core|band) [0-9]+(?:\.[0-9]+)*\b",
    "what a chart needs or counts": r"\b(?:of )?[0-9]+ (?:are needed|points?|services? with intervals)\b",
    "a level of confidence": r"\b(?:95|99\.8|99) ?%",
    "a standard, a target or a limit by its name": rf"(?:[Ss]tandards?|[Tt]arget)(?: of| is|:)? {_ONE} ?%",
    "people out of a round hundred": r"\b(?:[0-9]+ )?(?:[Oo]f|in|per) (?:every )?(?:100|1,000|10,000|100,000)\b",
    "an id, a code or a name": r"\b[A-Za-z]+[-–]?[0-9][\w.-]*|\b[0-9]+[A-Za-z][\w-]*|\([A-Z0-9|]+\)|[\w]*_[\w]*|\b[0-9]+(?:\.[0-9]+){2,}\b",
    "paper, licences and accessibility": r"\bA4\b|\b(?:v|WCAG |Licence v?)[0-9.]+",
}
_NUMBER = re.compile(r"(?<![\w.,-])[0-9][0-9,]*(?:\.[0-9]+)?(?:[ \u00a0\u202f]?%)?")
_MARKS = re.compile("|".join(f"(?:{pattern})" for pattern in NO_FIGURES.values()))


def bare_numbers(html: str) -> Iterator[tuple[str, str]]:
    """Numbers of a page that are no figures by kind, and say no number again that has its source: each with the text
    that it is in.
    """
    page = read_page(html)
    raws = [float(number.raw) for number in page.numbers if re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", number.raw)]
    known = {said for raw in raws for said in _as_said(raw)}
    # The label of a part of a stream, of which the table beside it says "74 of 100".
    known |= {of for text in page.texts for of in re.findall(r"\b([0-9]+) of 100\b", text)}
    for text in page.texts:
        plain = re.sub(r"[\s\u00a0\u202f]+", " ", text)
        for found in _NUMBER.finditer(_MARKS.sub(" ", plain)):
            number = found[0].rstrip(" %,")
            if number.replace(",", "") not in known and not _is_a_tick(plain):
                yield found[0], plain


def _as_said(raw: float) -> Iterator[str]:
    """How a number may be said: as it is, in per cent, in weeks; whole or with up to two decimals."""
    for value in (raw, 100 * raw, raw / 7):
        for decimals in range(3):
            yield f"{abs(value):.{decimals}f}"


def _is_a_tick(text: str) -> bool:
    """Whether a text is the label of an axis: a round number and nothing else."""
    found = re.fullmatch(r"([0-9,]+)(\.[05])?(?: ?%)?", text)
    if not found:
        return False
    digits = found[1].replace(",", "").rstrip("0")
    return (
        len(digits) <= 1 or digits in ("12", "15", "25", "35", "45", "75") or int(found[1].replace(",", "")) <= 10
    )
