"""The calibration of the histories: published figures, each with its source.

Belongs here: how patients come, wait, are treated, change and use other services, per pathway. Does not belong
here: how often each code occurs (``frequencies``), how the figures become histories.

Sources: TT = NHS England, NHS Talking Therapies annual statistics 2023-24 and 2024-25 (England, OGL v3). JOHNS =
Johns et al. 2019, Behaviour Research and Therapy, 10.1016/j.brat.2019.03.002 (South London and Maudsley). JONES =
Mood on Track, Birmingham and Solihull with Lancaster University. PD = Stirzaker, NHS England, results of the three
personality disorder demonstration sites (service use n=898). ASSUMED: no figure found; a plausible value of this
project's own.
"""

from dataclasses import dataclass

# The run-in: referrals from six months before the first submission, so that month one has a caseload.
RUN_IN_MONTHS = 6
COHORT_MONTHS = 12

# Referrals a month at size 1. Published providers have a median of 774 (TT 2023-24, 9,285 a year); the
# demonstration keeps their spread and a thirteenth of their size.
MEDIAN_REFERRALS = 60.0
SPREAD_OF_SIZE = 0.9  # SD of log size; TT quartiles 4,155 and 15,500 give 0.98
SEASON = (1.08, 1.04, 1.06, 0.94, 1.0, 1.02, 1.04, 0.90, 1.02, 1.08, 1.06, 0.76)  # January first; ASSUMED
REREFERRED = 0.06  # share of referrals of someone already treated here; ASSUMED

# How services differ. TT 2024-25, 147 providers: recovery quartiles 48 and 53 per cent, 5th and 95th
# percentile 33 and 58; a step of 0.2 in the log odds of responding is about 3.5 points of recovery.
SPREAD_OF_RESPONSE = 0.20
SPREAD_OF_WAIT = 0.28  # SD of log wait between services; ASSUMED

PATHWAYS = ("01", "02", "03", "04", "05")  # psychosis, bipolar, personality, eating, depression/anxiety


@dataclass(frozen=True)
class Course:
    """The course of referrals of one pathway. Shares are of referrals unless stated otherwise; times are in
    days.
    """

    not_seen: float  # ended with no contact kept
    not_treated: float  # assessed only
    assessed_first: float  # of treated: a first contact for assessment alone
    early: float  # of treated: leave after 1 to `early_most` treatment sessions
    early_most: int
    least: int  # of the others: sessions are `least` and a negative binomial number more
    more_mean: float
    more_shape: float
    wait_median: float  # referral to first contact
    wait_sigma: float
    second_median: float  # first to second treatment session
    second_sigma: float
    fortnightly: float  # of referrals: sessions every 14 days, not 7
    missed: float  # chance that an appointment is missed or cancelled before each one kept
    followed_up: float  # of those who complete
    follow_ups: int
    follow_up_gap: int


# TT 2023-24: 671,648 finished of 1,829,202 referrals is 0.367. TT 2024-25 metadata: of finished courses
# 85.2 per cent waited at most 42 days, 97.7 at most 126. Missed appointments, sessions: ASSUMED near 8.
TALKING = Course(0.19, 0.11, 0.20, 0.46, 1, 2, 6.0, 2.2, 9.5, 1.05, 24, 0.90, 0.35, 0.14, 0.12, 1, 42)
# JOHNS: 90 per cent engaged (5 sessions or more). Not taken up, waits: ASSUMED.
PSYCHOSIS = Course(0.06, 0.08, 1.0, 0.10, 4, 5, 13.0, 3.0, 40, 0.60, 14, 0.5, 0.45, 0.16, 0.75, 2, 90)
# JONES: 81 per cent of 202 completed more than 5 sessions, median 9, range of the middle half 6 to 11.
BIPOLAR = Course(0.05, 0.07, 1.0, 0.19, 5, 6, 4.4, 3.0, 45, 0.60, 14, 0.4, 0.10, 0.12, 0.75, 2, 90)
# PD: completers and drop-outs are compared, numbers of each not found. Shares: ASSUMED.
PERSONALITY = Course(0.07, 0.10, 1.0, 0.28, 5, 6, 20.0, 2.5, 50, 0.60, 14, 0.5, 0.05, 0.18, 0.70, 2, 90)
# CBT-ED up to 20 sessions (bulimia) or 40 (anorexia); shares ASSUMED.
EATING = Course(0.08, 0.09, 1.0, 0.22, 5, 6, 14.0, 2.5, 30, 0.60, 12, 0.5, 0.05, 0.12, 0.60, 1, 90)
COURSES = (PSYCHOSIS, BIPOLAR, PERSONALITY, EATING, TALKING)

# Depression and anxiety. TT 2024-25 (cognitive behavioural therapy): PHQ-9 14.2 (SD 6.1) to 9.5 (6.6), GAD-7
# 13.3 (5.1) to 8.6 (5.7); all courses: 5.3 per cent not at caseness (6.5 in 2017-18), 1.27 unpaired, 67.5
# improved, 5.8 deteriorated, recovery 50.5, reliable recovery 47.5. A single bell curve through the four
# means and SDs recovers 36 per cent; people who respond and people who do not, mixed, meet all of them.
PHQ_START, GAD_START = (14.2, 6.1), (13.3, 5.1)
START_CORRELATION = 0.32  # 0.6 would leave 10 per cent below both cut-offs, not 6
RESPONDS = 0.80  # log odds of responding at average severity
RESPONDS_BY_SEVERITY = -0.60  # per SD of joint severity
# TT 2024-25 recovery: 43.9 per cent at 18 to 25, 61.8 at 65 to 74; White British 51.8, Pakistani 40.2,
# Bangladeshi 39.9.
RESPONDS_BY_DECADE = 0.13
RESPONDS_ETHNICITY = {"J": -0.55, "K": -0.55}
RESPONDER_KEEPS = (0.43, 0.40)  # share of the starting score (PHQ-9, GAD-7) left at the end
RESPONDER_SD = (1.1, 1.1)
OTHERS_CHANGE = (0.3, 0.45)  # points up
OTHERS_SD = (3.5, 3.9)
CHANGE_CORRELATION = 0.78
UNPAIRED, UNSCORED = 0.0127, 0.0014  # of finished courses: one score only; none at all
SCORED_SESSION = 0.94  # of sessions between first and last
SCORED_ONLINE = 0.10  # first score taken before the first contact, so in IDS606; ASSUMED


@dataclass(frozen=True)
class Change:
    """One instrument of an SMI battery: score at the start, and change in SDs (positive is better)."""

    instrument: str
    mean: float
    sd: float
    effect: float


# Medium effects (JOHNS; JONES: personal recovery d 0.52, mood and quality of life 0.20 to 0.39; PD:
# medians of improvement 22 to 42 per cent). Means at the start: ASSUMED from the instruments' clinical norms.
BATTERIES: dict[str, tuple[Change, ...]] = {
    "01": (
        Change("WEMWBS", 40.0, 10.0, 0.50),
        Change("CORE10", 18.5, 7.5, 0.50),
        Change("QPR15", 33.0, 11.0, 0.50),
        Change("REQOL10", 19.0, 8.0, 0.50),
    ),
    "02": (
        Change("QPR15", 35.0, 10.5, 0.52),
        Change("REQOL10", 20.0, 8.0, 0.35),
        Change("PHQ9", 13.0, 6.5, 0.35),
        Change("GAD7", 10.5, 5.5, 0.25),
    ),
    "03": (
        Change("PHQ9", 17.0, 6.0, 0.70),
        Change("WEMWBS", 34.0, 9.5, 0.60),
        Change("REQOL10", 14.5, 7.0, 0.60),
        Change("CORE10", 23.5, 7.0, 0.55),
        Change("PCL5", 36.0, 16.0, 0.45),
    ),
    "04": (
        Change("EDEQ_GLOBAL", 4.0, 1.2, 0.90),
        Change("PHQ9", 14.5, 6.5, 0.50),
        Change("REQOL10", 17.0, 7.5, 0.50),
    ),
}
# One short measure every session (Fornells-Ambrojo 2017, bjc.12136: periodic battery and a sessional measure).
SESSIONAL = {"01": "CORE10", "02": "PHQ9", "03": "CORE10", "04": "PHQ9"}
PERIODIC_DAYS = 90
# Fornells-Ambrojo 2017: baseline 281 of 289, mid 114 of 121, end 124 of 154; follow-up ASSUMED.
COMPLETED = {"01": 0.97, "03": 0.94, "04": 0.81, "05": 0.60}


@dataclass(frozen=True)
class Use:
    """One kind of service use: share of people with any, and mean number each, in three windows.

    Windows: the year before referral to the first treatment session, from it to the last, and after it.
    """

    kind: str
    any: tuple[float, float, float]
    mean: tuple[float, float, float]
    nights: float = 0.0


# PD as published; emergency attendance and detention ASSUMED. The published mean of admissions during and
# after (0.66, 0.64) does not fit 8.3 per cent with any and bed days halving: read as 0.16 and 0.14.
PERSONALITY_USE = (
    Use("02", (0.392, 0.191, 0.164), (6.42, 2.16, 2.40)),
    Use("01", (0.21, 0.083, 0.083), (0.78, 0.16, 0.14), nights=4.5),
    Use("05", (0.61, 0.272, 0.22), (4.46, 1.85, 1.24)),
    Use("06", (0.299, 0.069, 0.06), (0.44, 0.09, 0.09)),
    Use("07", (0.23, 0.11, 0.09), (1.10, 0.38, 0.30)),
    Use("03", (0.35, 0.22, 0.18), (0.80, 0.40, 0.30)),
)
# JOHNS, JONES: service use, crisis use and admissions reduced; no rates found. ASSUMED.
PSYCHOSIS_USE = (
    Use("02", (0.30, 0.16, 0.13), (2.4, 1.0, 0.8)),
    Use("01", (0.28, 0.12, 0.10), (0.40, 0.15, 0.12), nights=32.0),
    Use("03", (0.20, 0.12, 0.10), (0.35, 0.18, 0.14)),
    Use("04", (0.14, 0.06, 0.05), (0.18, 0.07, 0.06), nights=28.0),
)
BIPOLAR_USE = (
    Use("02", (0.26, 0.14, 0.11), (1.8, 0.8, 0.6)),
    Use("01", (0.18, 0.08, 0.07), (0.25, 0.10, 0.08), nights=24.0),
    Use("03", (0.15, 0.10, 0.08), (0.25, 0.14, 0.11)),
    Use("05", (0.20, 0.12, 0.10), (0.50, 0.25, 0.20)),
)
SERVICE_USE = {"01": PSYCHOSIS_USE, "02": BIPOLAR_USE, "03": PERSONALITY_USE}
LOOK_BACK_DAYS = 365

# Work: shares of those in work off sick, of those out of work in work at the end, of those in work out of it, of
# those off sick still off. Employment support: share of those it suits, days from the referral to it. ASSUMED.
OFF_SICK, INTO_WORK, OUT_OF_WORK, STAYS_OFF_SICK = 0.09, 0.12, 0.04, 0.5
SUPPORTED, SUPPORT_WAIT, SUPPORT_CONTACTS, SUPPORT_MISSED = 0.6, 25, 4, 0.12

# Sessions planned (NICE CG178): cognitive therapy for psychosis 16 or more, family intervention 10 or more.
PLANNED = {"01": (16, 24), "02": (10, 18), "03": (20, 40), "04": (20, 40)}
FAMILY_PLANNED = (10, 20)
FAMILY_SHARE = 0.15  # of psychosis referrals; ASSUMED
# Share of finished courses that answer the experience questions; McPin 2014: 305 questionnaires.
EXPERIENCE_ANSWERED = {True: 0.65, False: 0.15}  # SMI, Talking Therapies; ASSUMED
# Work and Social Adjustment Scale, five items from 0 to 8 each: mean and SD at the start, points better at the end.
# Share of referrals scored on it, and of those in work asked about presenteeism. ASSUMED.
WSAS_START, WSAS_BETTER = (3.9, 2.1), (1.4, 1.3)
WSAS_SCORED, PRESENTEEISM_ASKED = 0.25, 0.3
