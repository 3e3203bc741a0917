"""The pathway flags once more, slowly and in plain Python: an oracle for ``core.pathway``.

Belongs here: facts §1.5 and §2.2 read again from the definitions, one pathway at a time, without SQL and without
looking at the models; which referrals of merged providers are one course (decision 0026), events per person-time (decision 0027); and random
populations. Does not belong here: anything the project runs outside its tests.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from tests.fixtures.warehouse import APRIL, GAD7, PHQ9, Row

Score = tuple[str, str, date]  # instrument, value as submitted, day


@dataclass(frozen=True)
class Scale:
    """What the oracle knows of an instrument; ``reliable`` in points, lower scores are better."""

    low: Decimal
    high: Decimal
    decimals: int
    cut: Decimal
    is_strict: bool
    reliable: Decimal

    def is_case(self, score: Decimal) -> bool:
        return score > self.cut if self.is_strict else score >= self.cut


def _scale(low: str, high: str, decimals: int, cut: str, reliable: str, is_strict: bool = False) -> Scale:
    return Scale(Decimal(low), Decimal(high), decimals, Decimal(cut), is_strict, Decimal(reliable))


SCALES = {
    "PHQ9": _scale("0", "27", 0, "10", "6"),
    "GAD7": _scale("0", "21", 0, "8", "4"),
    "SPIN": _scale("0", "68", 0, "19", "10"),
    "MI_ALONE": _scale("1", "5", 2, "2.3", "0.73", is_strict=True),
}
OWN_MEASURE = {"F401": "SPIN", "F400": "MI_ALONE"}
CODES = {"720433000": "PHQ9", "445455005": "GAD7"}


@dataclass(frozen=True)
class Referral:
    """One pathway as the oracle sees it. A contact is (day, appointment type, attendance, planned)."""

    received: date
    discharged: date | None
    complaint: str | None
    contacts: tuple[tuple[date, str, str | None, str | None], ...]
    scores: tuple[Score, ...]


def flags(referral: Referral) -> dict[str, object]:
    """Flags of a pathway as in facts §6, by the names of ``core.pathway``."""
    end = referral.discharged or date.max
    treatment = sorted(
        day
        for day, kind, attendance, planned in referral.contacts
        if kind in {"02", "03", "05"}
        and (attendance in {"5", "6"} or planned == "N")
        and referral.received <= day <= end
    )
    attended = {
        day: {kind for other, kind, attendance, _ in referral.contacts if other == day and attendance in {"5", "6"}}
        for day, *_ in referral.contacts
    }
    pairs = {name: _first_last(name, referral, end, attended) for name in SCALES}
    own = OWN_MEASURE.get(referral.complaint or "")
    anxiety = _anxiety(pairs, own)
    finished = referral.discharged is not None and len(treatment) >= 2
    result: dict[str, object] = {
        "treatment_contacts": len(treatment),
        "first_treatment_on": treatment[0] if treatment else None,
        "second_treatment_on": treatment[1] if len(treatment) > 1 else None,
        "wait_to_first_treatment_days": (treatment[0] - referral.received).days if treatment else None,
        "is_completed_course": finished,
        "anxiety_measure": anxiety,
    }
    return result | _judged(pairs["PHQ9"], pairs[anxiety] if anxiety else (None, None), anxiety, finished)


def _first_last(
    name: str, referral: Referral, end: date, attended: dict[date, set[str]]
) -> tuple[Decimal | None, Decimal | None]:
    by_day: dict[date, Decimal] = {}
    for tool, text, day in referral.scores:
        if CODES.get(tool, tool) != name or not referral.received <= day <= end:
            continue
        if attended.get(day) == {"06"}:
            continue
        value = _valid(text, SCALES[name])
        if value is not None:
            by_day[day] = value  # submitted later, so it stands for the day
    days = sorted(by_day)
    if not days:
        return None, None
    return by_day[days[0]], by_day[days[-1]] if len(days) > 1 else None


def _valid(text: str, scale: Scale) -> Decimal | None:
    whole, _, decimals = text.partition(".")
    if not whole.removeprefix("-").isdigit() or (decimals and not decimals.isdigit()) or len(decimals) > 2:
        return None
    value = Decimal(text)
    if value != round(value, scale.decimals) or not scale.low <= value <= scale.high:
        return None
    return value


def _anxiety(pairs: dict[str, tuple[Decimal | None, Decimal | None]], own: str | None) -> str | None:
    if own and pairs[own][1] is not None:
        return own
    if pairs["GAD7"][0] is not None:
        return "GAD7"
    return own if own and pairs[own][0] is not None else None


def _judged(
    phq: tuple[Decimal | None, Decimal | None],
    anxiety: tuple[Decimal | None, Decimal | None],
    measure: str | None,
    finished: bool,
) -> dict[str, object]:
    sides = [(SCALES["PHQ9"], *phq), (SCALES[measure or "GAD7"], *anxiety)]
    first = [None if start is None else scale.is_case(start) for scale, start, _ in sides]
    case = True in first
    no_case = first == [False, False]
    last = [None if end is None else scale.is_case(end) for scale, _, end in sides]
    moves: list[int | None] = []
    for scale, start, end in sides:
        if start is None or end is None:
            moves.append(None)
        else:
            moves.append((start - end >= scale.reliable) - (end - start >= scale.reliable))
    paired = None not in moves
    better, worse = paired and 1 in moves, paired and -1 in moves
    recovered = case and last == [False, False]
    found = {
        "is_at_caseness": case,
        "is_not_at_caseness": no_case,
        "is_recovered": recovered,
        "is_reliably_improved": better and not worse,
        "is_reliably_deteriorated": worse and not better,
        "has_no_reliable_change": paired and better == worse,
        "is_reliably_recovered": recovered and better and not worse,
    }
    return {name: value if finished else None for name, value in found.items()}


def random_tables(seed: int, referrals: int = 200) -> tuple[dict[str, list[Row]], dict[str, Referral]]:
    """A small population that reaches the edges: ties, blanks, wrong scores, follow-ups, other months."""
    chance = random.Random(seed)
    tables: dict[str, list[Row]] = {key: [] for key in ("IDS001", "IDS101", "IDS201", "IDS603", "IDS606")}
    known: dict[str, Referral] = {}
    for number in range(referrals):
        name, person = f"r{number}", f"p{number}"
        received = APRIL + timedelta(days=chance.randrange(10))
        discharged = received + timedelta(days=chance.randrange(5, 25)) if chance.random() < 0.8 else None
        complaint = chance.choice([None, "F401", "F400", "F412"])
        contacts = tuple(
            (
                received + timedelta(days=chance.randrange(-2, 28)),
                chance.choice(["01", "02", "02", "02", "03", "05", "06"]),
                chance.choice(["5", "5", "5", "6", "3", None]),
                chance.choice(["Y", "N", None]),
            )
            for _ in range(chance.randrange(6))
        )
        taken = tuple(
            (
                chance.choice([PHQ9, PHQ9, GAD7, GAD7, "SPIN", "MI_ALONE"]),
                chance.choice(["2.3", "2.31", "3.04", "30", "9.5", "x"]) if chance.random() < 0.2
                else str(chance.randrange(24)),
                received + timedelta(days=chance.randrange(-1, 26)),
            )
            for _ in range(chance.randrange(12))
        )  # fmt: skip
        known[name] = Referral(received, discharged, complaint, contacts, taken)
        tables["IDS001"].append({"LocalPatientId": person})
        tables["IDS101"].append(
            {"ServiceRequestId": name, "LocalPatientId": person, "ReferralRequestReceivedDate": received,
             "ServDischDate": discharged}
        )  # fmt: skip
        tables["IDS201"] += [
            {"CareContactId": f"{name}-{n}", "ServiceRequestId": name, "CareContDate": day, "AppType": kind,
             "AttendOrDNACode": attendance, "PlannedCareContIndicator": planned}
            for n, (day, kind, attendance, planned) in enumerate(contacts)
        ]  # fmt: skip
        if complaint:
            tables["IDS603"].append({"ServiceRequestId": name, "PresComp": complaint, "PresCompCodSig": "1"})
        tables["IDS606"] += [
            {"ServiceRequestId": name, "CodedAssToolType": tool, "PersScore": value, "AssToolCompDate": day}
            for tool, value, day in taken
        ]
    return tables, known


@dataclass(frozen=True)
class Watched:
    """What a person used, day by day: ``events`` on these days, from first to last treatment day."""

    first: date
    last: date
    events: tuple[date, ...]

    def window(self, name: str) -> range:
        """The ordinals of the days of a window (facts §3.1: 180 days before and after)."""
        return {
            "before": range(self.first.toordinal() - 180, self.first.toordinal()),
            "during": range(self.first.toordinal(), self.last.toordinal() + 1),
            "after": range(self.last.toordinal() + 1, self.last.toordinal() + 181),
        }[name]


def person_time(people: Sequence[Watched], window: str) -> tuple[int, int]:
    """Events and person-days of a window, counted one day after another."""
    days = [(day, person) for person in people for day in person.window(window)]
    return sum(person.events.count(date.fromordinal(day)) for day, person in days), len(days)


@dataclass(frozen=True)
class Sent:
    """A referral in one month's submission; the same person and referral have the same names at every provider."""

    provider: str
    month: date
    person: str
    referral: str


def same(one: Sent, other: Sent) -> bool:
    return (one.provider, one.referral) == (other.provider, other.referral)


def one_course(sent: Sequence[Sent], successors: Mapping[str, Sequence[str]]) -> list[tuple[str, str, int]]:
    """Provider, id at the provider that sent it last, and rows of every pathway, as decision 0026 says it.

    ``successors`` names, in order, who took a provider's place; others take no part. One referral of one person goes from a provider to one that took its place, and no month has it twice. Where a
    month has any referral of the person twice, nothing of the person is joined. All that the providers of a joined
    course know of its person counts at the provider of today.
    """
    merged = {*successors, *(each for chain in successors.values() for each in chain)}
    found = [
        (one.provider, f"{one.provider}:{one.referral}", sum(1 for each in sent if same(each, one)))
        for one in {(o.provider, o.referral): o for o in sent if o.provider not in merged}.values()
    ]
    for person in sorted({one.person for one in sent}):
        own = [one for one in sent if one.person == person and one.provider in merged]
        spans: dict[str, list[tuple[date, date, str]]] = {}
        for referral in sorted({one.referral for one in own}):
            for provider in sorted({one.provider for one in own if one.referral == referral}):
                months = [one.month for one in own if (one.referral, one.provider) == (referral, provider)]
                spans.setdefault(referral, []).append((min(months), max(months), provider))
        is_clear = all(
            a[1] < b[0] or b[1] < a[0] for parts in spans.values() for a in parts for b in parts if a is not b
        )
        joined = {}
        for referral, parts in spans.items():
            way = [provider for *_, provider in sorted(parts)]
            follows = all(after in successors.get(before, ()) for before, after in pairwise(way))
            if is_clear and len(way) > 1 and follows:
                joined[referral] = way
        leaving = {each for way in joined.values() for each in way}
        for referral, parts in spans.items():
            for *_, provider in parts:
                rows = sum(1 for one in own if (one.referral, one.provider) == (referral, provider))
                if referral in joined and provider != joined[referral][-1]:
                    continue
                if referral in joined:
                    rows = sum(1 for one in own if one.referral == referral)
                place = [provider, *successors.get(provider, ())][-1] if provider in leaving else provider
                found.append((place, f"{provider}:{referral}", rows))
    return found


def random_sent(seed: int, providers: Sequence[str], months: Sequence[date]) -> list[Sent]:
    """Referrals of few people with few ids, so that all kinds of crossing and overlap are there."""
    chance = random.Random(seed)
    every = [(provider, month) for provider in providers for month in months]
    sent = set()
    for person in range(60):
        for referral in range(chance.choice([1, 1, 2])):
            if chance.random() < 0.6:  # a course that goes on, at one provider after the other
                way = [provider for provider in ("RDD", "RBB", "RAA") if chance.random() < 0.7]
                at = sorted(chance.sample(range(len(months)), min(len(way), len(months))))
                sent |= {
                    Sent(one, months[n], f"p{person}", f"p{person}r{referral}")
                    for one, n in zip(way, at, strict=True)
                }
            else:
                picked = chance.sample(every, chance.choice([1, 2, 3]))
                sent |= {Sent(provider, month, f"p{person}", f"p{person}r{referral}") for provider, month in picked}
    return sorted(sent, key=lambda one: (one.provider, one.month, one.person, one.referral))
