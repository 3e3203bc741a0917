"""What people ask of a service, and the measures that answer it: one list for every kind of page.

Belongs here: the questions, and which measures answer them for which set of conditions. Does not belong here: what
the measures count (``warehouse/measures``).
"""

from collections.abc import Container
from dataclasses import dataclass

from schemas.pathway import SEVERE_MENTAL_ILLNESS, TALKING_THERAPIES


@dataclass(frozen=True)
class Asked:
    """A measure as a page names it.

    ``label`` begins in lower case and stands behind «the share of», «the number of», or alone («typical wait for
    the first treatment»). ``noun`` is what the denominator counts, in the plural.
    """

    measure: str
    label: str
    noun: str = "people"


@dataclass(frozen=True)
class Question:
    """A question, and by measure set the measures that answer it, the most telling first.

    A set without measures is not asked: ``why_not_asked`` says why. ``short`` fits a column of a table.
    """

    id: str
    text: str
    short: str
    talking_therapies: tuple[Asked, ...]
    severe_mental_illness: tuple[Asked, ...]
    why_not_asked: str = ""

    def asked(self, measure_set: str) -> tuple[Asked, ...]:
        """The measures that answer it for conditions of a measure set."""
        return {
            TALKING_THERAPIES: self.talking_therapies, SEVERE_MENTAL_ILLNESS: self.severe_mental_illness
        }[measure_set]  # fmt: skip

    def known(self, measure_set: str, measures: Container[str]) -> list[Asked]:
        """Those of them that are among these measures: a release of another version may lack some."""
        return [each for each in self.asked(measure_set) if each.measure in measures]


# On pages of places, or compared between groups of people, as well.
REFERRED = Asked("REFERRALS", "people referred", "referrals")
STARTED = Asked("ACCESS", "people who started treatment", "people")
WAITING = Asked("AWAITING_TREATMENT", "people waiting for treatment at the end of the last month", "people")
WAITING_SO_FAR = Asked("MEDIAN_AWAITING_TREATMENT", "typical wait so far of those who still wait", "people waiting")
CLEARLY_BETTER = Asked("RELIABLE_IMPROVEMENT", "people who got clearly better", "people who finished")
STARTED_IN_TIME = Asked("TREATED_126", "people who started within 18 weeks", "people who started")
# Asked of both sets of conditions.
_TYPICAL_WAIT = Asked("MEDIAN_WAIT_TREATMENT", "typical wait for the first treatment", "people who started")
_LEFT_UNTREATED = Asked("ENDED_UNTREATED", "people who left before treatment", "people whose care ended")
_MISSED = Asked("DNA", "appointments people missed without notice", "appointments")
_POSITIVE = Asked("EXPERIENCE_POSITIVE", "answers that were positive", "answers")
_CAME = (
    REFERRED,
    STARTED,
    Asked("SELF_REFERRALS", "people who referred themselves", "referrals"),
    WAITING,
)
_REACHED = (Asked("ACCESS_NO_ETHNICITY", "people whose ethnicity is not known", "people who started"),)

QUESTIONS = (
    Question("came", "How many people came?", "Came", _CAME, _CAME),
    Question(
        "waited", "How long did people wait?", "Waits",
        (
            Asked("WAIT_42", "people who waited 6 weeks or less", "people who finished"),
            Asked("WAIT_126", "people who waited 18 weeks or less", "people who finished"),
            _TYPICAL_WAIT,
            Asked("SECOND_TREATMENT_90", "people who waited over 90 days for their second session", "people"),
            WAITING_SO_FAR,
        ),
        (
            Asked("TREATED_84", "people who started within 12 weeks", "people who started"),
            STARTED_IN_TIME,
            _TYPICAL_WAIT,
            WAITING_SO_FAR,
        ),
    ),
    Question(
        "offered", "What were they offered, and did they get the full course?", "Dose",
        (
            Asked(
                "HIGH_WHERE_RECOMMENDED",
                "people given high-intensity therapy where NICE recommends only that", "people",
            ),
            Asked("MEAN_SESSIONS", "average number of sessions", "people who finished"),
        ),
        (
            Asked("SMI_DOSE_REACHED", "people who got the sessions that NICE recommends", "people treated"),
            Asked("SMI_PLAN_REACHED", "people who got all sessions in their plan", "people with a plan"),
            Asked("SMI_OFFERED", "people offered a therapy", "people whose care ended"),
            Asked("SMI_NICE_THERAPY", "people given a therapy that NICE recommends", "people treated"),
            Asked("SMI_SESSIONS_MEAN", "average number of sessions", "people treated"),
        ),
    ),
    Question(
        "stopped", "Who stopped early?", "Stopped",
        (
            Asked("FINISHED_OF_TREATED", "people who had two or more sessions", "people treated"),
            _LEFT_UNTREATED,
            _MISSED,
        ),
        (
            Asked("SMI_DROPPED_OUT", "people who stopped early", "people treated"),
            Asked("SMI_DROPPED_OUT_BEFORE_5", "people who stopped before the fifth session", "people treated"),
            _LEFT_UNTREATED,
            _MISSED,
        ),
    ),
    Question(
        "better", "Did they get better?", "Better",
        (
            Asked("RELIABLE_RECOVERY", "people who recovered, by more than chance", "people who could recover"),
            Asked("RECOVERY", "people who recovered", "people who could recover"),
            CLEARLY_BETTER,
            Asked("RELIABLE_DETERIORATION", "people who got clearly worse", "people who finished"),
        ),
        (
            Asked("SMI_IMPROVEMENT", "people whose quality of life got clearly better", "people with two scores"),
            Asked("SMI_DETERIORATION", "people whose quality of life got clearly worse", "people with two scores"),
            Asked("OUTCOME_GAINED", "outcome scores that were better at the end", "pairs of scores"),
        ),
    ),
    Question(
        "crisis", "Did they need crisis care and hospital less?", "Crisis", (),
        (
            Asked("ADMISSION_ANY_AFTER", "people admitted to hospital in the half year after therapy", "people"),
            Asked("CRISIS_ANY_AFTER", "people with a crisis contact in the half year after therapy", "people"),
            Asked("EMERGENCY_ANY_AFTER", "people at an emergency department in the half year after", "people"),
        ),
        "Talking Therapies services do not send records of crisis care and hospital stays.",
    ),
    Question(
        "said", "What did they say?", "Said",
        (
            _POSITIVE,
            Asked("ASSESSMENT_COMPLETELY_SATISFIED", "people completely satisfied with their assessment", "people"),
        ),
        (
            _POSITIVE,
            Asked("HELPED_A_LOT", "people whom therapy helped a lot", "people who answered"),
            Asked("CARE_SATISFIED", "people satisfied with their therapy", "people who answered"),
        ),
    ),
    Question("same", "Is it the same for everyone?", "Equity", _REACHED, _REACHED),
)  # fmt: skip
