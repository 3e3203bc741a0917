"""Columns of a spreadsheet: their letters, and their numbers.

Belongs here: one turned into the other. Does not belong here: ranges of cells (``reports.site.ranges``).
"""


def letters_of_column(index: int) -> str:
    """The letters of a spreadsheet's column, 0 the first: A, B, … Z, AA and so on."""
    letters = ""
    while index >= 0:
        index, place = divmod(index, 26)
        letters = chr(ord("A") + place) + letters
        index -= 1
    return letters


def column_of_letters(letters: bytes) -> int:
    """The column of its letters, 0 the first. Small letters are read too."""
    found = 0
    for letter in letters.upper():
        found = found * 26 + letter - ord("A") + 1
    return found - 1
