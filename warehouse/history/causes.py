"""Why a figure differs between two releases: the inputs that changed, and which one a difference belongs to.

Belongs here: the causes and their order. Does not belong here: figures (``comparing``).

A figure of a provider and month is one cell. All of its difference has one cause, so parts add up exactly. This is
the order:

1. The month's own file, if it changed: it is new, late, replaced, withdrawn, or was processed again.
2. Else the files of other months of the same provider: a referral's facts come from all its months.
3. Code, reference data or a merger, together with 1 or 2 where both changed: nobody can part them without building
   everything a second time. A cell that was not there before has no such part.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

Cell = tuple[str, date]
"""An organisation, or a provider as it submits, and a month."""


class Cause(StrEnum):
    """What may change a figure, in the order in which several are named."""

    NEW_MONTH = "new month"
    LATE = "late data"
    RESUBMISSION = "resubmission"
    WITHDRAWAL = "withdrawal"
    RULES = "rule version"
    ERASURE = "erasure"
    MERGER = "merger"
    REFERENCE = "reference data"
    CODE = "code"


MEANING = {
    Cause.NEW_MONTH: "the first file of a month that the release before did not cover",
    Cause.LATE: "the first file of a month that the release before covered without it",
    Cause.RESUBMISSION: "another file of the month counts now",
    Cause.WITHDRAWAL: "the month has no file that counts any more",
    Cause.RULES: "the same file was processed again by another version of the rules",
    Cause.ERASURE: "rows of people who were erased are gone",
    Cause.MERGER: "the provider counts under another organisation",
    Cause.REFERENCE: "other reference files",
    Cause.CODE: "another version of what counts the figures",
}
UNEXPLAINED = "unexplained"
"""A difference where no input changed. There is none unless something is wrong."""
_OTHER = "another month"


@dataclass(frozen=True)
class Submission:
    """A submission of a release. ``records`` are the rows accepted, ``made_with`` is as in core.submission."""

    submission_id: str
    records: int
    made_with: str | None

    @property
    def rules(self) -> str:
        """The version of the rules that its rows were made by; empty where not known."""
        return (self.made_with or "").split(" ")[0]

    @property
    def erased(self) -> str:
        """Which rows of erased people were struck: equal for equal rows."""
        return next((word for word in (self.made_with or "").split() if word.startswith("erased-")), "")


@dataclass(frozen=True)
class InputChange:
    """A provider and month, as submitted, whose file differs. ``before`` or ``after`` is None: there is none."""

    provider: str
    month: date
    causes: tuple[Cause, ...]
    before: Submission | None
    after: Submission | None

    @property
    def cause(self) -> str:
        """Its causes in words."""
        return " and ".join(self.causes)

    @property
    def records(self) -> tuple[int | None, int | None]:
        """The rows accepted before and after. After an erasure neither is said: they tell how many it took."""
        is_said = Cause.ERASURE not in self.causes
        then, now = (each.records if each and is_said else None for each in (self.before, self.after))
        return then, now


@dataclass(frozen=True)
class Held:
    """What a release is made of: submissions by provider and month, the organisation each provider counts in, the
    last month, and hashes of reference data and of the code that counts.
    """

    submissions: Mapping[Cell, Submission]
    places: Mapping[str, str]
    last_month: date | None
    reference: str = ""
    code: str = ""


@dataclass
class _Behind:
    """What stands behind the figures of one organisation."""

    own: dict[date, set[Cause]] = field(default_factory=lambda: defaultdict(set))
    months: tuple[set[date], set[date]] = field(default_factory=lambda: (set(), set()))
    is_merged: bool = False


def input_changes(before: Held, after: Held) -> list[InputChange]:
    """Every provider and month whose file differs between two releases, in order."""
    found = []
    for provider, month in sorted({*before.submissions, *after.submissions}):
        then, now = before.submissions.get((provider, month)), after.submissions.get((provider, month))
        if causes := _causes(then, now, month, before.last_month):
            found.append(InputChange(provider, month, causes, then, now))
    return found


def _causes(
    then: Submission | None, now: Submission | None, month: date, last_month: date | None
) -> tuple[Cause, ...]:
    if then is None:
        return (Cause.NEW_MONTH if last_month is None or month > last_month else Cause.LATE,)
    if now is None:
        return (Cause.WITHDRAWAL,)
    differs = {
        Cause.RESUBMISSION: then.submission_id != now.submission_id,
        Cause.RULES: then.rules != now.rules,
        Cause.ERASURE: then.erased != now.erased,
    }
    return tuple(cause for cause, is_so in differs.items() if is_so)


class Attribution:
    """What the difference of each cell belongs to.

    ``of(organisation, month)`` is the cause in words, such as «resubmission», «another month: late data» or
    «resubmission and code»; UNEXPLAINED where nothing changed.
    """

    def __init__(self, before: Held, after: Held) -> None:
        self._behind: dict[str, _Behind] = defaultdict(_Behind)
        for number, held in enumerate((before, after)):
            for provider, month in held.submissions:
                for organisation in _places(provider, before, after):
                    self._behind[organisation].months[number].add(month)
        for change in input_changes(before, after):
            for organisation in _places(change.provider, before, after):
                self._behind[organisation].own[change.month] |= set(change.causes)
        for provider in before.places.keys() & after.places.keys():
            if before.places[provider] != after.places[provider]:
                for organisation in _places(provider, before, after):
                    self._behind[organisation].is_merged = True
        changed = {
            Cause.REFERENCE: before.reference != after.reference,
            Cause.CODE: before.code != after.code,
        }
        self._everywhere = {cause for cause, is_so in changed.items() if is_so}

    def of(self, organisation: str, month: date) -> str:
        """The cause of the difference of an organisation's figures of a month, in words."""
        behind = self._behind[organisation]
        own = behind.own.get(month, set())
        then, now = (month in months for months in behind.months)
        beside = set() if then != now else self._everywhere | ({Cause.MERGER} if behind.is_merged else set())
        if own:
            return _listed(own | beside)
        others = set().union(*behind.own.values())
        parts = (f"{_OTHER}: {_listed(others)}" if others else "", _listed(beside))
        return " and ".join(filter(None, parts)) or UNEXPLAINED


def _places(provider: str, before: Held, after: Held) -> Iterable[str]:
    return {held.places.get(provider, provider) for held in (before, after)}


def _listed(causes: set[Cause]) -> str:
    return " and ".join(cause.value for cause in Cause if cause in causes)
