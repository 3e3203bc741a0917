"""The whole stream once more, person by person in plain Python: what is counted, what is true, what can be true.

Belongs here: made-up people whose outcome is known to us, chance that does not measure everybody, and the least and
most that can be true. Does not belong here: SQL, and how a person comes to a stage (``references.measures``).
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

OF_RECOVERY = ("paired", "finished at caseness", "finished", "started", "referred")
DENOMINATORS = {
    "RECOVERY": OF_RECOVERY,
    "RELIABLE_RECOVERY": OF_RECOVERY,
    "RELIABLE_IMPROVEMENT": ("paired", "finished", "started", "referred"),
}
MEASURES = tuple(
    f"REFERRED_{name}"
    for name in (
        "OPEN", "OPEN_NOT_ASSESSED", "OPEN_NOT_STARTED", "ASSESSED", "STARTED", "FINISHED", "RECOVERABLE", "PAIRED",
        "PAIRED_AT_CASENESS", "RECOVERED", "RELIABLY_RECOVERED", "RELIABLY_IMPROVED",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """One referral. ``is_case``, ``is_below_last`` and ``is_better`` are true of the person, measured or not."""

    is_assessed: bool
    treatments: int
    is_open: bool
    has_first: bool
    has_last: bool
    is_case: bool
    is_below_last: bool
    is_better: bool

    @property
    def is_finished(self) -> bool:
        return self.treatments >= 2 and not self.is_open

    @property
    def is_paired(self) -> bool:
        return self.is_finished and self.has_first and self.has_last

    def has(self, outcome: str) -> bool:
        """Whether the outcome is true of the person."""
        recovered = self.is_case and self.is_below_last
        return {
            "RECOVERY": recovered, "RELIABLE_RECOVERY": recovered and self.is_better,
            "RELIABLE_IMPROVEMENT": self.is_better,
        }[outcome]  # fmt: skip

    def is_of(self, denominator: str, outcome: str) -> bool:
        """Whether the person is truly one of those that the share is of."""
        return {
            "paired": self.is_paired and (self.is_case or outcome == "RELIABLE_IMPROVEMENT"),
            "finished at caseness": self.is_finished and self.is_case,
            "finished": self.is_finished, "started": self.treatments >= 1, "referred": True,
        }[denominator]  # fmt: skip

    def possible(self) -> list["Person"]:
        """Everything the person could be, given what was recorded."""
        if self.is_paired:
            return [self]
        known = self.has_first and self.is_finished
        return [
            replace(self, is_case=case, is_below_last=below, is_better=better)
            for case in ([self.is_case] if known else [False, True])
            for below in (False, True)
            for better in (False, True)
        ]


def simulate(chance: random.Random, size: int) -> list[Person]:
    """People whose scores are missing not at random: those who do badly, or well, are measured less often."""
    recovery, loss_if_well, loss_if_not = chance.random(), chance.random(), chance.random()
    case, open_ = chance.random(), chance.choice([0, 0, 0.3])
    people = []
    for _ in range(size):
        is_case = chance.random() < case
        is_below, is_better = chance.random() < recovery, chance.random() < recovery
        loss = loss_if_well if is_case and is_below else loss_if_not
        treatments = chance.choice([0, 0, 1, 2, 3, 4])
        is_assessed, is_open = treatments > 0 or chance.random() < 0.5, chance.random() < open_
        has_first, has_last = chance.random() > loss / 2, chance.random() > loss
        people.append(Person(is_assessed, treatments, is_open, has_first, has_last, is_case, is_below, is_better))
    return people


def counted(people: Iterable[Person]) -> Counter[str]:
    """The numerator of every measure of the stream, from what was recorded only."""
    found = Counter(dict.fromkeys(MEASURES, 0))
    for p in people:
        knows_case = p.is_finished and p.has_first
        found["REFERRED_OPEN"] += p.is_open
        found["REFERRED_OPEN_NOT_ASSESSED"] += p.is_open and not p.is_assessed
        found["REFERRED_OPEN_NOT_STARTED"] += p.is_open and p.treatments == 0
        found["REFERRED_ASSESSED"] += p.is_assessed
        found["REFERRED_STARTED"] += p.treatments >= 1
        found["REFERRED_FINISHED"] += p.is_finished
        found["REFERRED_RECOVERABLE"] += p.is_finished and not (knows_case and not p.is_case)
        found["REFERRED_PAIRED"] += p.is_paired
        found["REFERRED_PAIRED_AT_CASENESS"] += p.is_paired and p.is_case
        for outcome, name in (
            ("RECOVERY", "RECOVERED"), ("RELIABLE_RECOVERY", "RELIABLY_RECOVERED"),
            ("RELIABLE_IMPROVEMENT", "RELIABLY_IMPROVED"),
        ):  # fmt: skip
            found[f"REFERRED_{name}"] += p.is_paired and p.has(outcome)
    return found


def share(people: Sequence[Person], outcome: str, denominator: str) -> Fraction | None:
    """The true share; None of nobody."""
    whole = [p for p in people if p.is_of(denominator, outcome)]
    return Fraction(sum(p.has(outcome) for p in whole), len(whole)) if whole else None


def worst(people: Iterable[Person], outcome: str, denominator: str) -> list[Person]:
    """The people as they could be, each as badly as possible: in the denominator if they can be, without outcome."""
    return [min(p.possible(), key=lambda q: (q.has(outcome), not q.is_of(denominator, outcome))) for p in people]


def best(people: Iterable[Person], outcome: str, denominator: str) -> list[Person]:
    """The people as they could be, each as well as possible."""
    return [max(p.possible(), key=lambda q: q.has(outcome) and q.is_of(denominator, outcome)) for p in people]
