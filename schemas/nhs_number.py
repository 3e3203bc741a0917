"""What an NHS number is: ten digits, of which the last one checks the others.

Belongs here: its weights, the separators that people write, and the placeholders that pass the check. Does not
belong here: rules (``schemas.rules.patient``), reading a column (``transforms.pseudonymise``).
"""

SEPARATORS = (" ", "-")
"""People write 999 000 0018 and 999-000-0018. Nothing else stands between digits: any other blank, or a character
without width, may stand for a digit that was lost."""

CHECK_WEIGHTS = range(10, 1, -1)
"""The check digit is 11 less the weighted sum modulo 11, with 11 written as 0; 10 is no NHS number (NHS Data
Dictionary, NHS NUMBER)."""

PLACEHOLDERS = (*(digit * 10 for digit in "0123456789"), "0123456789", "9876543210")
"""Each passes the check and was never issued. Systems fill them in: no match is 0000000000, several are
9999999999. All people who have one would be one person."""
