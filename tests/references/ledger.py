"""A slow ledger in plain lists: which receipt an arrival gets, the board, and what counts.

Belongs here: the rules as decisions 0005 and 0039 say them, read from the last arrival back to the first. Does not belong
here: anything of the ledger that is tested, and windows, which have a reference of their own (``test_windows``).
"""

from dataclasses import dataclass, field

ACCEPTED = ("accepted", "accepted with warnings", "accepted with rejections")
WITH_ROWS = (*ACCEPTED, "held", "withdrawn")
CONCLUDED = (*WITH_ROWS, "file rejected")
Place = tuple[str, str]  # provider, month


@dataclass
class Arrival:
    """One receipt, and every state it reached with the provider and month it then had. Of an attempt that could not
    be copied the content is empty.
    """

    content: str
    name: str
    claim: Place | None
    states: list[tuple[str, Place | None]] = field(default_factory=list)
    was_sent_again: bool = False

    def place(self) -> Place | None:
        return self.states[-1][1] or self.claim


@dataclass
class SlowLedger:
    arrivals: list[Arrival] = field(default_factory=list)

    def attempted(self, name: str, claim: Place | None) -> None:
        self.arrivals.append(Arrival("", name, claim, [("received", claim), ("failed", claim)]))

    def receive(self, content: str, claim: Place | None) -> str:
        for arrival in self.arrivals:
            if not arrival.content and claim is not None and arrival.claim == claim:
                arrival.was_sent_again = True
        same = [arrival for arrival in self.arrivals if arrival.content == content]
        if same:
            last = same[-1]
            later = self.arrivals[self.arrivals.index(last) + 1 :]
            was_followed = last.place() is not None and any(
                arrival.content and arrival.place() == last.place() for arrival in later
            )
            is_good = last.states[-1][0] in WITH_ROWS
            may_be_named = claim == last.claim or (is_good and claim in (None, last.place()))
            if may_be_named and not was_followed:
                return last.name
        name = content[:16] + (f"-{len(same) + 1}" if same else "")
        self.arrivals.append(Arrival(content, name, claim, [("received", claim)]))
        return name

    def record(self, name: str, state: str, place: Place | None) -> None:
        next(arrival for arrival in self.arrivals if arrival.name == name).states.append((state, place))

    def counting(self) -> dict[Place, str]:
        """The submission that counts, by provider and month."""
        found: dict[Place, str] = {}
        for arrival in reversed(self.arrivals):
            for state, place in reversed(arrival.states):
                if state in CONCLUDED:
                    if state in ACCEPTED and place is not None:
                        found.setdefault(place, arrival.name)
                    break
        return found

    def board(self) -> dict[Place, tuple[str, int, str]]:
        """State of the last submission, how many there were, and its name, by provider and month."""
        found: dict[Place, tuple[str, int, str]] = {}
        for arrival in self.arrivals:
            if not arrival.was_sent_again and (place := arrival.place()):
                before = found.get(place, ("", 0, ""))[1]
                found[place] = (arrival.states[-1][0], before + 1, arrival.name)
        return found
