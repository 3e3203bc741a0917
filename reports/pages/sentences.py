"""What pages say: patterns with slots, one for every case.

Belongs here: every sentence that depends on figures. No sentence has two negatives, a rank, or the word that
statisticians use for «beyond chance». Does not belong here: deciding what is beyond chance (``warehouse``), numbers
in words (``numbers``).
"""

from collections.abc import Sequence


def listed(things: Sequence[str], word: str = "and") -> str:
    """Things in a row: "waits, drop-out and recovery"."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} {word} {things[-1]}"


def trust(months_submitted: int, months: int) -> str:
    """How much of the period the figures are based on."""
    if months_submitted >= months:
        return f"Based on all {months} months."
    return f"Based on {months_submitted} of {months} months."
