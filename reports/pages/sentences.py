"""What pages say: patterns with slots, one for every case.

Belongs here: every sentence that depends on figures. No sentence has two negatives, a rank, or the word that
statisticians use for «beyond chance». Does not belong here: what is beyond chance (``warehouse``, ``signals``),
numbers in words (``numbers``).
"""

from collections.abc import Mapping, Sequence
from datetime import date

from markupsafe import Markup

from reports.pages.numbers import of_small
from reports.pages.signals import Case, Change, Standing
from reports.site.wording import sentence

STANDING: Mapping[tuple[Case, bool], str] = {
    (Case.SUPPRESSED, False): "Fewer than 5 people. The figure is left out to protect them.",
    (Case.NOT_SUBMITTED, False): "The service sent no records for these months.",
    (Case.NOT_ASKED, False): "This is asked only for other conditions.",
    (Case.NOBODY, False): "There was nobody to count in these months.",
    (Case.TOO_FEW, False): "Too few people to say more.",
    (Case.COUNT, False): "How many people come depends on how many live nearby. So this number stands alone.",
    (Case.UNTESTED, False): "It stands beside the national figure. How much of a gap is chance is still unknown.",
    (Case.ROWS, False): "One person may give many of these. So we show the figure and compare none.",
    (Case.MONTHS, False): "Only {submitted} of {months} months are in. A fair comparison needs them all.",
    (Case.FEW_SERVICES, False): (
        "{services} in the country have enough people with {condition}. We show their figures and compare none."
    ),
    (Case.ALIKE, False): (
        "{services} in the country have enough people with {condition}. "
        "This one differs from the others by no more than chance explains."
    ),
    (Case.APART, True): (
        "It is higher than in the other services for people with {condition}, by more than chance explains. "
        "It may have to do with who is referred, how care is recorded, or the care itself."
    ),
    (Case.APART, False): (
        "It is lower than in the other services for people with {condition}, by more than chance explains. "
        "It may have to do with who is referred, how care is recorded, or the care itself."
    ),
    (Case.NEAR, False): (
        "It is close to the limit of what chance explains. "
        "The small random error that protects people leaves open on which side."
    ),
    (Case.WITHIN, False): "About the same as other services for people with {condition}.",
    (Case.SOMEWHAT, True): (
        "Somewhat higher than in other services for people with {condition}. "
        "One service in 40 is this high by chance alone."
    ),
    (Case.SOMEWHAT, False): (
        "Somewhat lower than in other services for people with {condition}. "
        "One service in 40 is this low by chance alone."
    ),
    (Case.BEYOND, True): (
        "Higher than chance explains, beside other services for people with {condition}. "
        "It may have to do with who is referred, how care is recorded, or the care itself."
    ),
    (Case.BEYOND, False): (
        "Lower than chance explains, beside other services for people with {condition}. "
        "It may have to do with who is referred, how care is recorded, or the care itself."
    ),
}  # fmt: skip
"""By case, and of a difference by whether the figure is the higher one."""

SHORT: Mapping[tuple[Case, bool], str] = {
    (Case.TOO_FEW, False): "Too few people to say more",
    (Case.ROWS, False): "Shown, and not compared",
    (Case.UNTESTED, False): "Shown, and not compared",
    (Case.MONTHS, False): "Months are missing",
    (Case.FEW_SERVICES, False): "Too few services to compare",
    (Case.ALIKE, False): "No more than chance explains",
    (Case.APART, True): "Higher than chance explains",
    (Case.APART, False): "Lower than chance explains",
    (Case.NEAR, False): "Close to the limit of chance",
    (Case.WITHIN, False): "About the same",
    (Case.SOMEWHAT, True): "Somewhat higher",
    (Case.SOMEWHAT, False): "Somewhat lower",
    (Case.BEYOND, True): "Higher than chance explains",
    (Case.BEYOND, False): "Lower than chance explains",
}  # fmt: skip
"""The same in a table. A case that is missing says nothing: its figure says it."""
SAID_BEFORE: Mapping[Case, str] = {
    Case.FEW_SERVICES: "Here too, there are too few services to compare.",
    Case.ALIKE: "Here too, it differs from the others by no more than chance explains.",
    Case.WITHIN: "Here too, about the same as other services.",
}
"""For a sentence that stood on the page already, of the same condition."""

# By rule, whether the change goes on, and whether it is high or rising.
CHANGES: Mapping[tuple[str, bool, bool], str] = {
    ("outside", True, True): "In {last} {subject} was higher than chance explains.",
    ("outside", True, False): "In {last} {subject} was lower than chance explains.",
    ("outside", False, True): "In {last} {subject} was higher than chance explains. Since then it has calmed down.",
    ("outside", False, False): "In {last} {subject} was lower than chance explains. Since then it has calmed down.",
    ("shift", True, True): "Since {first} {subject} has been above the average of the year in every month.",
    ("shift", True, False): "Since {first} {subject} has been below the average of the year in every month.",
    ("shift", False, True): "From {first} to {last} {subject} was above the average of the year in every month.",
    ("shift", False, False): "From {first} to {last} {subject} was below the average of the year in every month.",
    ("trend", True, True): "Since {first} {subject} has risen in every month.",
    ("trend", True, False): "Since {first} {subject} has fallen in every month.",
    ("trend", False, True): "From {first} to {last} {subject} rose in every month.",
    ("trend", False, False): "From {first} to {last} {subject} fell in every month.",
    ("2 of 3", True, True): "In two of the three months to {last} {subject} was unusually high.",
    ("2 of 3", True, False): "In two of the three months to {last} {subject} was unusually low.",
    ("2 of 3", False, True): "In two of the three months to {last} {subject} was unusually high.",
    ("2 of 3", False, False): "In two of the three months to {last} {subject} was unusually low.",
}
BETTER = {True: "That is a change for the better.", False: "That is a change to look into."}

DIFFERENT: Mapping[tuple[Case, bool], str] = {
    (Case.APART, True): "{subject} is higher than chance explains: {here}, and {there} in all services like it.",
    (Case.APART, False): "{subject} is lower than chance explains: {here}, and {there} in all services like it.",
    (Case.BEYOND, True): "{subject} is higher than chance explains: {here}, and {there} in all services like it.",
    (Case.BEYOND, False): "{subject} is lower than chance explains: {here}, and {there} in all services like it.",
    (Case.SOMEWHAT, True): "{subject} is somewhat higher: {here}, and {there} in all services like it.",
    (Case.SOMEWHAT, False): "{subject} is somewhat lower: {here}, and {there} in all services like it.",
}  # fmt: skip
STEADY = "Nothing in the last months stands out from what chance explains."
UNFOLLOWED = "Too few people come each month to see a change over time."
TOO_EARLY = "Too few months are in to see a change over time."
NO_MONTHS = "This release has no figures by month to see a change over time."
UNCOMPARED = "A fair comparison with services like it is still out of reach."
ALIKE = "Where a fair comparison is possible, it is about the same as services like it."
UNKNOWN: Mapping[Case, str] = {
    Case.MONTHS: "Only {submitted} of {months} months are in, so nothing is compared yet.",
    Case.FEW_SERVICES: (
        "{services} in the country have enough people with {condition}. So no question is compared."
    ),
    Case.SUPPRESSED: "We cannot say {what}: fewer than 5 people have an answer.",
    Case.TOO_FEW: "We cannot say {what}: too few people have an answer.",
}
ALL_KNOWN = "Every question below has an answer."

TRUST = "Based on all {months} months."
TRUST_ONE = "Based on one month."
TRUST_PART = "Based on {submitted} of {months} months."
PAIRED = "{paired} of 100 finished courses have scores at both ends."
DIGEST_CALM = "This month nothing stands out. From month to month your figures move as chance makes them move."
DIGEST_UNFOLLOWED = (
    "Your figures are of too few people a month to see a change. The page shows all months together."
)
DIGEST_REST = "In all other questions nothing stands out."
DIGEST_END = "Your page has every figure with its range: {page}."
BOUNDS = (
    "Of 100 people referred, at least {low} got clearly better and at most {high} did. "
    "For the others there is one score at most so far."
)
WAITED = "Of 100 people referred, {begun} began treatment within 6 weeks and {left} left before it."
MEDIAN = "Half of those who began had waited {treated} or less."
FLATTERS = (
    "Half of those who began had waited {treated} or less. That looks short: it counts only people who were seen. "
    "Of all who were referred, half would have begun within {everybody} if nobody left."
)
STILL_WAITING = "At the end of {month} {waiting} still waited, {long} of them for more than 18 weeks."
NO_WAITS = "How long people wait is said as soon as the records have a whole quarter."
NO_CURVE = "How waits end is drawn as soon as the records have 12 months."
NO_MONTH = "The records of {period} are missing. So there are no figures."
HARDLY_ANYBODY = "Fewer than 5 people came for each condition. To protect them, no figure is shown."
SMALL = "It also treats people with {conditions}: too few of them to say more."
SAME = "Among the groups that are large enough, {subject} is about the same for everyone."
NOT_SAME = "For {groups}, {subject} differs from the whole service by more than chance explains."
NO_GROUPS = "The groups are too small to say whether {subject} is the same for everyone."


def standing(of: Standing, condition: str, services: int, submitted: object, months: object) -> Markup:
    """The sentence under a figure: whether a difference means anything, or why that cannot be said.

    ``submitted`` and ``months`` are as they shall stand there.
    """
    return filled(STANDING[of.case, of.is_high],
        condition=condition.lower(), services=services_said(services), submitted=submitted, months=months,
    )  # fmt: skip


def short(of: Standing) -> str:
    """The same in a table; empty where the figure says all."""
    return SHORT.get((of.case, of.is_high), "")


def changed(of: Change, subject: str = "it") -> str:
    """What changed in a figure, and whether for the better; empty where nothing did."""
    if of.first is None or of.last is None:
        return ""
    said = CHANGES[of.rule, of.is_recent, of.is_high].format(
        first=month(of.first), last=month(of.last), subject=subject
    )
    return f"{said} {BETTER[of.better]}" if of.better is not None and of.is_recent else said


def different(of: Standing, subject: str, here: str, there: str) -> Markup:
    """One of the three sentences: where the service differs from services like it."""
    return filled(DIFFERENT[of.case, of.is_high], subject=sentence(subject), here=here, there=there)


def unknown(case: Case, **slots: object) -> Markup:
    """One of the three sentences: what cannot be said and why."""
    return filled(UNKNOWN[case], **slots)


def trust(is_whole: bool, submitted: object, months: object, paired: object = None, is_one: bool = False) -> Markup:
    """How much the figures rest on: months (``is_whole``: all are in; ``is_one``: it is only one), and of 100
    finished courses those with two scores.
    """
    whole = TRUST_ONE if is_one else TRUST
    based = filled(whole if is_whole else TRUST_PART, submitted=submitted, months=months)
    return based if paired is None else based + filled(f" {PAIRED}", paired=paired)


def filled(pattern: str, **slots: object) -> Markup:
    """A pattern with its slots filled: numbers keep their ``data`` elements, all else is escaped."""
    return Markup(pattern).format(**slots)  # noqa: S704  our own patterns


def services_said(number: int) -> str:
    """How few services there are, as a sentence begins: "Only two services"."""
    return f"Only {of_small(number)} services" if number > 1 else "Too few services"


def month(of: date) -> str:
    """A month in words: "October 2025"."""
    return f"{of:%B %Y}"


def listed(things: Sequence[str], word: str = "and") -> str:
    """Things in a row: "waits, drop-out and recovery"."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} {word} {things[-1]}"
