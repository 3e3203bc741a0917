"""Plain English, as far as a program can tell: words that we do not use, and the length of sentences.

Belongs here: the list of words, and how texts are read for it. Does not belong here: which texts are checked
(``tests/test_plain_english.py``), the terms that we do use (``GLOSSARY.md``).

The list is short on purpose. Every entry is always wrong here, so that the test raises no false alarm.
"""

import re
from collections.abc import Iterator

# Words or phrases, and what to write in their place.
AVOID = {
    "for want of": "without",
    "nought": "zero",
    "of the like": "similar",
    "but for": "except",
    "hangs on": "belongs to, depends on",
    "hang on": "belong to, depend on",
    "hung on": "belonged to",
    "nobody can say": "it is unclear",
    "nobody can tell": "it is unclear",
    "nobody has promised": "say what happens",
    "puts the record": "cannot be assigned to a group",
    "the only clock": "that date stands in for today",
    "whoever": "say who",
    "whosoever": "say who",
    "thereof": "of it",
    "whereof": "of which",
    "hereby": "leave it out",
    "therein": "in it",
    "aforementioned": "name it",
    "albeit": "although",
    "lest": "so that … not",
    "hitherto": "until now",
    "besides": "also",
    "taken in whole": "imported completely",
    "take in reference": "import reference",
    "takes in reference": "imports reference",
    "slip of the pen": "typing error",
    "parted by": "separated by",
    "came of it": "outcome",
    "cannot be meant": "say what is wrong",
    "falls with it": "is rejected by cascade",
    "fall with it": "are rejected by cascade",
    "winning submission": "current submission",
    "what for they": "say what",
    "has not the form": "does not have the form",
}
_BETWEEN = r"[\s#*>\"'|-]+"  # a phrase may run over the end of a line, in a comment too
_AVOIDED = re.compile(
    r"(?<![\w«])(" + "|".join(_BETWEEN.join(map(re.escape, words.split())) for words in AVOID) + r")(?!\w)",
    re.IGNORECASE,
)
_END = re.compile(r"(?<=[.!?:;])\s+(?=[A-Z«`{*\[(])|(?<=[.!?])\s+")


def avoided(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, word or phrase, and what to write in its place, for everything in ``text`` that we do not use."""
    for found in _AVOIDED.finditer(text):
        phrase = " ".join(re.split(_BETWEEN, found[0].lower()))
        yield text.count("\n", 0, found.start()) + 1, phrase, AVOID[phrase]


def sentences(text: str) -> list[str]:
    """The sentences of a text without markup. A colon or semicolon before a new thought ends one too."""
    return [part for part in _END.split(" ".join(text.split())) if part]


def words(sentence: str) -> int:
    """Number of words: what has a letter, so that numbers and signs do not count."""
    return sum(1 for part in sentence.split() if re.search(r"[A-Za-z]", part))


def paragraphs(markdown: str) -> Iterator[tuple[int, str]]:
    """Line and text of every paragraph and list entry of a Markdown page, without code blocks, tables and links."""
    is_code, start, part = False, 1, list[str]()
    for number, line in enumerate((*markdown.split("\n"), ""), 1):
        if line.startswith("```"):
            is_code = not is_code
        is_text = not (is_code or line.startswith(("```", "|", "#", "![", "<", "    ")))
        is_new = re.match(r"\s*([-*] |[0-9]+\. )", line) is not None
        if part and (not line.strip() or not is_text or is_new):
            yield start, re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(part))
            part = []
        if is_text and line.strip():
            start = start if part else number
            part.append(re.sub(r"^\s*([-*] |[0-9]+\. )", "", line).strip())
