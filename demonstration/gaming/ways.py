"""The ways of gaming, each with what a service would do, who is harmed, and what a contract can do against it.

Belongs here: the list, in words. Does not belong here: the changes themselves (one module for each kind of them).

Sources of the ways: the founding texts («recording everything as mixed anxiety and depression», capped treatments
and perverse incentives). Bevan and Hood, «What's measured is what matters», Public Administration 84 (2006) 517, on
gaming of targets in the English NHS. Smith, «On the unintended consequences of publishing performance data in the
public sector», International Journal of Public Administration 18 (1995) 277. Both are recalled.
"""

from collections.abc import Callable
from dataclasses import dataclass

from demonstration.gaming import accepting, coding, discharging, scores, waiting
from demonstration.gaming.records import Records

RECORDS, DISCHARGE, CODES, PEOPLE, WAITS = (
    "scores and answers",
    "end of therapy",
    "codes",
    "who is treated",
    "waits",
)


@dataclass(frozen=True)
class Way:
    """One way of gaming. ``change`` makes of all records of a service those that it would submit.

    ``does``, ``harm`` and ``stays`` are sentences: what the service does, who is harmed and how, and what does not
    change. ``knows_the_end``: it must know how a course ends before it sends the scores. ``guard`` is what a
    contract or the centre can do.
    """

    id: str
    kind: str
    title: str
    does: str
    harm: str
    stays: str
    knows_the_end: bool
    guard: str
    change: Callable[[Records], Records]


_CARE_STAYS = "Care is the same: contacts, dates, people and referrals."
_BEFORE_STAYS = "Everything up to the new last day, everybody else, and the questions asked at the end."

WAYS: tuple[Way, ...] = (
    Way(
        "FIRST_SCORES_OF_ALL", RECORDS, "First scores left out, of everybody",
        "The scores of the first day are not sent. The second day with scores becomes the first.",
        "Everybody: the change from the real start cannot be seen, so nobody knows whom therapy helps.",
        _CARE_STAYS, False,
        "Count a course without paired scores as not recovered, and look at first scores taken at the first "
        "contact.",
        scores.first_scores_of_all,
    ),
    Way(
        "FIRST_SCORES_NOT_RECOVERED", RECORDS, "First scores left out, of those who do not recover",
        "The scores of the first day are not sent of people whose course ends without recovery.",
        "Those not helped: they look less ill than they were, and their need is not planned for.",
        _CARE_STAYS, True,
        "Close the month before outcomes are known: scores sent again later without a first score are a "
        "question to ask.",
        scores.first_scores_of_those_not_recovered,
    ),
    Way(
        "LAST_SCORES_OF_RECOVERED", RECORDS, "Last scores sent only of those who recover",
        "After the first day, scores are sent only of people who recovered.",
        "Those not helped: they vanish from every measure of change, and so does what went wrong.",
        _CARE_STAYS, True,
        "Pay by recovery of all finished courses, never of the paired ones alone, and ask for the share that is "
        "paired.",
        scores.last_scores_of_those_recovered_only,
    ),
    Way(
        "BEST_SCORE_LAST", RECORDS, "Scores sent up to the best day only",
        "Scores after the best day of a course are not sent.",
        "Those who got worse again: a relapse in therapy is not seen, so nobody offers more.",
        _CARE_STAYS, True,
        "Ask for a score on the day of the last treatment contact.",
        scores.scores_to_the_best_day_only,
    ),
    Way(
        "BETTER_MEASURE_ONLY", RECORDS, "Only the measure that got better",
        "Where one of PHQ-9 and GAD-7 got better and the other did not, later scores of the other are not sent.",
        "Those helped with one problem and not with the other.",
        _CARE_STAYS, True,
        "Recovery and change need both measures; a course with one of them counts as unpaired.",
        scores.measure_that_got_better_only,
    ),
    Way(
        "FIRST_SCORES_RAISED", RECORDS, "First scores 3 points too high",
        "The first PHQ-9 and GAD-7 are raised by 3 points, for example by asking on the worst day.",
        "Everybody: care is planned for an illness that people do not have, and change is overstated.",
        _CARE_STAYS, False,
        "Compare first scores with the second contact, and with those of services with the same kind of people.",
        scores.first_scores_raised,
    ),
    Way(
        "HAPPY_ANSWERS", RECORDS, "Only happy answers sent",
        "Answers about choice and care are left out where the person was not content.",
        "Those who were not content: their voice is not heard, and nothing is put right.",
        _CARE_STAYS, False,
        "Ask how many of those asked have answered, and pay for answers only with enough of them.",
        scores.happy_answers_only,
    ),
    Way(
        "AT_FIRST_RECOVERY", DISCHARGE, "Discharge at the first scores below the cut-offs",
        "From the second treatment contact on, therapy ends on the first day with both scores below their "
        "cut-offs.",
        "Those not yet stable: recovery on one day is often chance, and relapse follows a dose that was too small.",
        _BEFORE_STAYS, False,
        "Look at sessions for each course and at referrals again within a year. Pay by scores after some months.",
        discharging.at_first_recovery,
    ),
    Way(
        "AFTER_TWO", DISCHARGE, "Discharge after two treatment contacts",
        "Every course ends at the second treatment contact: the least that counts as finished.",
        "Everybody with more than a mild problem: two contacts are no treatment that NICE recommends.",
        _BEFORE_STAYS, False,
        "Price by sessions, or pay nothing below the number that NICE recommends. Look at sessions for each "
        "course.",
        discharging.after_two_contacts,
    ),
    Way(
        "BEFORE_BAD_END", DISCHARGE, "Discharge dated back before a bad last score",
        "A course that had recovered for a time and did not end so is closed on the last good day.",
        "Those who got worse again: they leave as recovered, and what came later is not recorded.",
        _BEFORE_STAYS, True,
        "Compare the days of discharge with the month in which they are first sent.",
        discharging.before_a_bad_end,
    ),
    Way(
        "NO_STEP_UP", DISCHARGE, "Nobody stepped up to high intensity",
        "Who would go on from low to high intensity is discharged at the last contact of low intensity.",
        "Those whom a first step did not help: the more effective therapy is withheld.",
        _BEFORE_STAYS, False,
        "Pay for both intensities at their cost, and look at the share that is stepped up.",
        discharging.no_step_up,
    ),
    Way(
        "ONE_AS_TWO", DISCHARGE, "One course sent as two referrals",
        "Courses of four treatment contacts or more are closed half-way and opened again on the next day.",
        "The taxpayer, and every figure: two people are counted where there is one, and waits look short.",
        "Care is the same: contacts, dates and people. Questions at start and end are asked once.", False,
        "Pay one price for a person and year, and look at repeat referrals.",
        discharging.one_course_as_two,
    ),
    Way(
        "ALL_MIXED", CODES, "Everything coded mixed anxiety and depression",
        "Every problem is recorded as mixed anxiety and depression (F41.2).",
        "People with a specific anxiety disorder: the wrong problem leads to the wrong treatment and longer stays.",
        "Care, dates, scores and people.", False,
        "Look at the share coded as mixed among those described, and pay for specific disorders treated.",
        coding.everything_mixed,
    ),
    Way(
        "DEPRESSION_AS_ANXIETY", CODES, "Depression coded as generalised anxiety",
        "Every depression is recorded as generalised anxiety disorder (F41.1), where a tariff pays for specific "
        "anxiety.",
        "People with depression: they may get therapy for another problem, and services for depression are not "
        "planned.",
        "Care, dates, scores and people.", False,
        "Look at problem descriptors beside the scores: a high PHQ-9 with a low GAD-7 is no anxiety disorder.",
        coding.depression_as_anxiety,
    ),
    Way(
        "LOW_AS_HIGH", CODES, "One contact coded as high intensity",
        "In courses of low intensity alone the last treatment contact is recorded as high intensity therapy.",
        "The taxpayer, and people who need high intensity: on paper there is more of it than there is.",
        "Care, dates, scores and people.", False,
        "Pay for high intensity from a number of sessions on, given by staff who are trained in it.",
        coding.one_contact_of_high_intensity,
    ),
    Way(
        "ALL_SELF_REFERRED", CODES, "Everybody recorded as a self-referral",
        "Every referral is recorded as one by the person, also where a practice made it.",
        "People who do not come by themselves: nobody sees any more that they find no way in.",
        "Everything but the source of the referral.", False,
        "Compare with referrals that practices say they made.",
        coding.everybody_refers_themselves,
    ),
    Way(
        "MISSED_AS_ASSESSED", CODES, "Missed appointments recorded as assessments",
        "Of people who were never seen, a missed appointment is recorded as an assessment by telephone of 10 "
        "minutes.",
        "People who did not come: nobody asks why, since on paper they were assessed.",
        "Everybody who was seen, and every date.", False,
        "Pay for an assessment only with a problem descriptor and first scores. Look at the length of contacts.",
        coding.missed_as_assessed,
    ),
    Way(
        "SEVERE_NOT_TREATED", PEOPLE, "Only mild cases treated, others assessed and sent away",
        "Who has a first score of 15 or more on PHQ-9 or GAD-7 is discharged on the day of the first contact.",
        "Those with most need: they wait, tell their story, and get nothing.",
        "Everybody below 15, and all referrals.", False,
        "Price by severity at the start, compare with case-mix, and look at first scores of those treated.",
        accepting.severe_ended_after_assessment,
    ),
    Way(
        "SEVERE_NOT_ACCEPTED", PEOPLE, "Only mild cases accepted",
        "Who has a first score of 15 or more, by form or telephone, is not accepted. Only the referral is sent.",
        "Those with most need: they are turned away before anybody has seen them.",
        "Everybody below 15, and all referrals.", False,
        "Ask for reasons of referrals that end before assessment, and look at first scores of those treated.",
        accepting.severe_not_accepted,
    ),
    Way(
        "EARLY_CALL", WAITS, "A short call stops the clock",
        "Who would wait more than six weeks gets a call of 10 minutes after two weeks, recorded as first "
        "treatment.",
        "Those who wait: therapy starts no sooner, and the real wait is no longer seen.",
        "All other contacts and dates, scores and people.", False,
        "Look at the wait from first to second treatment contact, and at the length of first contacts.",
        waiting.early_call,
    ),
    Way(
        "LATE_REFERRAL_DATE", WAITS, "The clock starts late",
        "Who waited more than six weeks: the referral is dated two weeks before the first contact.",
        "Those who wait: nobody sees how long, so nobody adds staff.",
        "All contacts kept, scores and people.", False,
        "Compare the day of a referral with the month in which it is first sent, and with what practices say.",
        waiting.late_date_of_referral,
    ),
)  # fmt: skip
