"""The sentences of the pages: every branch, and that each can be read by anybody."""

import re
from collections.abc import Iterator
from datetime import date

import pytest

from reports.pages import all_plans, capacity, payment, questions, sentences, trajectory
from reports.pages.opening import WHAT
from reports.pages.signals import MISSING, Case, Change, Standing
from tests.references import plain_english

JULY, MARCH = date(2025, 7, 1), date(2026, 3, 1)
SUBJECT = "the share of people who recovered"
NEGATIVES = re.compile(r"\b(no|not|none|nobody|nothing|never|neither|nor|cannot|without)\b|n't\b", re.IGNORECASE)
# «No more than chance explains» and «nothing stands out» each have one.
MOST_NEGATIVES = 1
AVOIDED = re.compile(r"signific|outlier|\brank|\bbest\b|\bworst\b|league|percentile|\btop\b|bottom|confiden", re.I)


def every_sentence() -> Iterator[str]:
    """Each pattern with the slots it has on a page."""
    for case, is_high in sentences.STANDING:
        yield sentences.standing(Standing(case, is_high), "Depression and anxiety", 2, 11, 12)
        yield sentences.short(Standing(case, is_high))
    yield from sentences.SAID_BEFORE.values()
    for rule, is_recent, is_high in sentences.CHANGES:
        for better in (True, False, None):
            yield sentences.changed(Change(rule, is_high, JULY, MARCH, is_recent, better), SUBJECT)
    for case, is_high in sentences.DIFFERENT:
        yield sentences.different(Standing(case, is_high), SUBJECT, "62 %", "50 %")
    for case in sentences.UNKNOWN:
        for what in WHAT.values():
            yield sentences.unknown(
                case, submitted=11, months=12, services="Only two services", condition="psychosis", what=what
            )
    yield from (
        sentences.STEADY,
        sentences.UNFOLLOWED,
        sentences.TOO_EARLY,
        sentences.NO_MONTHS,
        sentences.ALIKE,
        sentences.UNCOMPARED,
    )
    yield sentences.HARDLY_ANYBODY
    yield sentences.NO_MONTH.format(period="April 2025")
    yield sentences.trust(True, 1, 1, is_one=True)
    yield from (sentences.ALL_KNOWN, sentences.trust(False, 11, 12, 96), sentences.trust(True, 12, 12))
    yield from (sentences.DIGEST_CALM, sentences.DIGEST_UNFOLLOWED, sentences.DIGEST_REST)
    yield sentences.DIGEST_END.format(page="service.html")
    yield sentences.BOUNDS.format(low=12, high=80)
    yield sentences.WAITED.format(begun=53, left=20)
    yield sentences.MEDIAN.format(treated="2 weeks")
    yield sentences.FLATTERS.format(treated="2 weeks", everybody="5 weeks")
    yield from (sentences.NO_WAITS, sentences.NO_CURVE)
    yield sentences.STILL_WAITING.format(month="March 2026", waiting=12, long=3)
    yield sentences.SMALL.format(conditions="bipolar disorder and eating disorder")
    for pattern in (sentences.SAME, sentences.NOT_SAME, sentences.NO_GROUPS):
        yield pattern.format(groups="age 18 to 25", subject=SUBJECT)
    for question in questions.QUESTIONS:
        yield question.text
        yield question.why_not_asked
    yield from of_blocks()


def of_blocks() -> Iterator[str]:
    """Patterns of blocks that have sentences of their own."""
    slots = {"noun": "people who start treatment", "due": "March 2027", "needed": 167, "so_far": 154}
    slots |= {"median": 26, "low": 23, "high": 29, "target": 30, "reached": 25}
    for pattern in trajectory.PATTERNS:
        yield pattern.format(**slots)
    slots |= {"demand": 717, "rate": 679, "backlog": 1_976, "waiting": 663, "under_way": 1_313}
    slots |= {"month": "March 2027", "months": 12, "extra": 34, "wte": 1.2, "share": 75, "weeks": 6}
    yield from (pattern.format(**slots) for pattern in capacity.PATTERNS)
    slots |= {"known": "230 and 198", "services": "230", "names": "Somerset and Lancashire Care", "all": "42"}
    slots |= {"tariff": "of the ICB", "set_by": "the ICB", "period": "April 2025 to March 2026", "amount": "£1.50"}
    yield from (pattern.format(**slots) for pattern in all_plans.PATTERNS)
    agreed = {"tariff": "of the ICB", "set_by": "the ICB", "period": "April 2025 to March 2026", "share": "25 %"}
    agreed |= {"line": "Recovery", "if_fewer": "as the others", "amount": "£1.50", "months": 12, "so_far": 4}
    for pattern in payment.PATTERNS:
        yield pattern.format(**agreed, submitted=3)


ALL = sorted({one for text in every_sentence() for one in plain_english.sentences(text)})


@pytest.mark.parametrize("text", ALL)
def test_a_sentence_is_short_has_one_negative_at_most_and_ranks_nobody(text: str) -> None:
    assert plain_english.words(text) <= 30
    assert len(NEGATIVES.findall(text)) <= MOST_NEGATIVES, text
    assert not AVOIDED.search(text)
    assert "{" not in text


def test_what_the_public_reads_has_a_reading_age_of_12() -> None:
    """Flesch-Kincaid grade (Kincaid 1975), where grade 7 is read at 12; of all sentences together."""
    words = [word for text in ALL for word in re.findall(r"[A-Za-z']+", text)]
    grade = 0.39 * len(words) / len(ALL) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    assert grade <= 7


def syllables(word: str) -> int:
    """Groups of vowels; a silent e at the end is none."""
    groups = re.findall(r"[aeiouy]+", re.sub(r"(?<=[^laeiouy])e(s|d)?$", "", word.lower()))
    return max(1, len(groups))


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(Case.WITHIN), "About the same as other services for people with psychosis."),
        (Standing(Case.TOO_FEW), "Too few people to say more."),
        (Standing(Case.SUPPRESSED), "Fewer than 5 people. The figure is left out to protect them."),
        (Standing(Case.MONTHS), "Only 11 of 12 months are in. A fair comparison needs them all."),
        (
            Standing(Case.FEW_SERVICES),
            "Only two services in the country have enough people with psychosis. "
            "We show their figures and compare none.",
        ),
        (
            Standing(Case.SOMEWHAT, is_high=True),
            "Somewhat higher than in other services for people with psychosis. "
            "One service in 40 is this high by chance alone.",
        ),
        (
            Standing(Case.BEYOND),
            "Lower than chance explains, beside other services for people with psychosis. "
            "It may have to do with who is referred, how care is recorded, or the care itself.",
        ),
    ],
)
def test_a_figure_has_one_sentence_for_where_it_stands(standing: Standing, said: str) -> None:
    assert sentences.standing(standing, "Psychosis", 2, 11, 12) == said


def test_every_case_has_a_sentence_and_all_that_have_a_figure_a_short_one() -> None:
    assert {case for case, _ in sentences.STANDING} == set(Case)
    assert {case for case, _ in sentences.SHORT} == set(Case) - set(MISSING) - {Case.COUNT}
    assert sentences.services_said(1) == "Too few services"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change("calm", points=12), ""),
        (Change("early", points=3), ""),
        (
            Change("shift", True, JULY, MARCH, True, True),
            "Since July 2025 it has been above the average of the year in every month. That is a change for the better.",
        ),
        (
            Change("shift", False, JULY, MARCH, False, False),
            "From July 2025 to March 2026 it was below the average of the year in every month.",
        ),
        (
            Change("outside", True, MARCH, MARCH, True, False),
            "In March 2026 it was higher than chance explains. That is a change to look into.",
        ),
        (Change("trend", False, JULY, MARCH, True, None), "Since July 2025 it has fallen in every month."),
        (
            Change("2 of 3", True, MARCH, MARCH, True, None),
            "In two of the three months to March 2026 it was unusually high.",
        ),
    ],
)
def test_a_change_is_said_with_its_months_and_whether_it_is_for_the_better(change: Change, said: str) -> None:
    assert sentences.changed(change) == said
