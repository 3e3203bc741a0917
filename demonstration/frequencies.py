"""How often each code occurs: weights for every coded element that a synthetic record fills.

Belongs here: codes with their weights (the code "" means a blank). Does not belong here: what the codes
mean (``schemas/codes``; a test holds every code here to be valid), dynamics and scores (``calibration``).

TT = NHS England, NHS Talking Therapies annual statistics 2023-24, England counts (OGL v3): finished courses
by presenting complaint, ethnic group, gender. Weights without a source are assumed.
"""

Weights = dict[str, float]

# People. TT, finished courses 2023-24, in thousands.
ETHNICITY: Weights = {
    "A": 482.6, "B": 5.5, "C": 41.0, "D": 7.0, "E": 2.3, "F": 4.6, "G": 6.9, "H": 17.2, "J": 12.2, "K": 5.4,
    "L": 9.5, "M": 10.8, "N": 12.8, "P": 2.9, "R": 3.0, "S": 12.0, "Z": 20.0, "99": 16.0,
}  # fmt: skip
GENDER_IDENTITY: Weights = {"2": 0.672, "1": 0.302, "3": 0.008, "4": 0.003, "X": 0.008, "Z": 0.007}
GENDER_IDENTITY_SMI: Weights = {"2": 0.50, "1": 0.475, "3": 0.012, "4": 0.003, "X": 0.005, "Z": 0.005}
STATED_GENDER = {"1": "1", "2": "2", "3": "9", "4": "9", "X": "X", "Z": "X"}  # v2.0 code for a v2.1 one
SAME_AT_BIRTH: Weights = {"Y": 0.93, "N": 0.012, "Z": 0.02, "X": 0.038}
# Deciles of age (years) from youngest to oldest. TT: 1.7 per cent under 18, 20 aged 18 to 25, 4 of 65 to 74,
# 2.5 older. The other pathways are adult services: no one is under 18 at referral.
AGE_DECILES: dict[str, tuple[float, ...]] = {
    "05": (16.5, 21.5, 25, 28.5, 32.5, 36.5, 41, 47, 54, 63, 91),
    "01": (20, 20.7, 21.5, 22.5, 24.5, 27, 30, 34, 40, 48, 66),
    "02": (20, 24, 28, 32, 36, 40, 44, 48, 54, 60, 78),
    "03": (20, 21, 23, 25.5, 28.5, 31.5, 35, 39, 44, 51, 68),
    "04": (20, 20.5, 21, 21.7, 22.5, 24.5, 27, 30, 35, 42, 63),
}  # fmt: skip
NHS_NUMBER_STATUS: Weights = {"01": 0.978, "02": 0.012, "04": 0.006, "06": 0.004}
ARMED_FORCES: Weights = {"03": 0.88, "02": 0.025, "05": 0.01, "UU": 0.035, "ZZ": 0.05}
LANGUAGE: Weights = {
    "en": 0.935, "pl": 0.012, "ur": 0.01, "pa": 0.008, "bn": 0.006, "ro": 0.008, "ar": 0.006, "so": 0.003,
    "fr": 0.003, "es": 0.004, "q4": 0.002, "pt": 0.003,
}  # fmt: skip
EDUCATION: Weights = {"": 0.86, "3": 0.09, "2": 0.035, "1": 0.01, "Z": 0.005}
OVERSEAS: Weights = {"A": 0.93, "B": 0.03, "E": 0.02, "P": 0.02}
ACCOMMODATION: Weights = {"01": 0.34, "02": 0.42, "03": 0.12, "04": 0.06, "05": 0.03, "06": 0.03}
SETTLED: Weights = {"Y": 0.93, "N": 0.05, "Z": 0.02}
# Religion and sexual orientation are sent as SNOMED CT findings.
CIRCUMSTANCE: Weights = {"20430005": 0.88, "42035005": 0.07, "38628009": 0.05}
DISABILITY: Weights = {
    "01": 0.2, "02": 0.09, "03": 0.04, "04": 0.18, "05": 0.21, "07": 0.04, "08": 0.17, "09": 0.05,
    "10": 0.02,
}  # fmt: skip
EMPLOYMENT: Weights = {
    "01": 0.58, "02": 0.10, "03": 0.08, "04": 0.10, "05": 0.05, "06": 0.02, "07": 0.01, "08": 0.05,
    "ZZ": 0.01,
}  # fmt: skip
EMPLOYMENT_SMI: Weights = {
    "01": 0.20, "02": 0.17, "03": 0.09, "04": 0.42, "05": 0.05, "06": 0.03, "07": 0.02, "08": 0.01,
    "ZZ": 0.01,
}  # fmt: skip
HOURS: Weights = {"01": 0.68, "02": 0.22, "03": 0.07, "04": 0.01, "99": 0.02}

# Referrals.
SOURCE: Weights = {
    "B1": 0.70, "A1": 0.16, "A3": 0.02, "H2": 0.03, "I1": 0.03, "M6": 0.03, "G4": 0.01, "M5": 0.01,
    "M7": 0.01,
}  # fmt: skip
SOURCE_SMI: Weights = {"A1": 0.28, "I1": 0.38, "P1": 0.16, "M7": 0.06, "B1": 0.05, "H2": 0.05, "B2": 0.02}
PREVIOUS: Weights = {"Y": 0.45, "N": 0.42, "U": 0.1, "Z": 0.03}
REASON: dict[str, Weights] = {
    "01": {"01": 0.55, "02": 0.45},
    "02": {"03": 1.0},
    "03": {"14": 1.0},
    "04": {"12": 1.0},
    "05": {"04": 0.5, "05": 0.5},
}  # fmt: skip
TEAM: dict[str, Weights] = {
    "01": {"A14": 0.8, "A06": 0.2},
    "02": {"A06": 0.5, "A13": 0.5},
    "03": {"A16": 0.8, "A12": 0.2},
    "04": {"C10": 1.0},
    "05": {"A05": 1.0},
}  # fmt: skip
END_NOT_SEEN: Weights = {"50": 0.45, "14": 0.22, "12": 0.12, "10": 0.1, "11": 0.08, "16": 0.03}
END_NOT_TREATED: Weights = {"11": 0.26, "14": 0.22, "16": 0.2, "12": 0.15, "10": 0.08, "13": 0.07, "95": 0.02}
END_EARLY: Weights = {"47": 0.72, "46": 0.18, "48": 0.06, "96": 0.03, "49": 0.01}
END_COMPLETE: Weights = {"46": 0.77, "47": 0.16, "48": 0.04, "96": 0.027, "49": 0.003}
ONWARD: Weights = {"01": 0.45, "04": 0.35, "02": 0.05, "05": 0.08, "96": 0.07}
PAUSE: Weights = {"01": 0.55, "02": 0.25, "03": 0.2}

# Presenting complaints, ICD-10 without a dot. TT, finished courses 2023-24, in thousands.
COMPLAINT: dict[str, Weights] = {
    "05": {"F321": 190.0, "F331": 95.0, "F411": 176.0, "F412": 16.7, "F431": 41.5, "F432": 25.3,
        "F401": 18.1, "F422": 17.5, "F410": 15.7, "F452": 10.6, "F402": 6.3, "F400": 4.7, "83482000": 0.5,
        "Z630": 4.5, "": 44.9},
    "01": {"F200": 0.42, "F29X": 0.3, "F23X": 0.12, "F251": 0.1, "F220": 0.06},
    "02": {"F319": 0.5, "F317": 0.2, "F313": 0.2, "F310": 0.1},
    "03": {"F603": 0.62, "F609": 0.22, "F606": 0.08, "F61X": 0.08},
    "04": {"F502": 0.42, "F500": 0.3, "F508": 0.18, "F509": 0.1},
}  # fmt: skip
LONG_TERM_CONDITION: Weights = {
    "E119": 0.2, "J459": 0.24, "I10X": 0.2, "M549": 0.16, "J449": 0.08, "G409": 0.05, "I259": 0.07,
}  # fmt: skip
LONG_TERM_CONDITION_SHARE = 0.175  # TT: 117 of 672 thousand finished courses
PREVIOUS_DIAGNOSIS: Weights = {"F329": 0.5, "F419": 0.3, "F431": 0.1, "F509": 0.05, "F609": 0.05}
CLUSTER: dict[str, Weights] = {
    "01": {"10": 0.6, "11": 0.25, "12": 0.1, "13": 0.05},
    "02": {"11": 0.4, "12": 0.2, "07": 0.25, "04": 0.15},
    "03": {"03": 0.3, "04": 0.45, "02": 0.1, "01": 0.04, "08": 0.08, "07": 0.03},
    "04": {"06": 0.8, "04": 0.2},
    "05": {"02": 0.4, "03": 0.5, "04": 0.1},
}  # fmt: skip

# Contacts.
ATTENDED: Weights = {"5": 0.965, "6": 0.035}
MISSED: Weights = {"3": 0.46, "2": 0.36, "4": 0.15, "7": 0.03}
MECHANISM: Weights = {"02": 0.50, "11": 0.26, "01": 0.20, "10": 0.03, "05": 0.01}
MECHANISM_SMI: Weights = {"01": 0.76, "11": 0.15, "02": 0.09}
MEDICATION: Weights = {"02": 0.45, "03": 0.44, "01": 0.05, "UU": 0.03, "ZZ": 0.03}
MEDICATION_SMI: Weights = {"02": 0.76, "03": 0.12, "01": 0.09, "UU": 0.02, "ZZ": 0.01}
LOCATION: Weights = {"A01": 0.15, "B01": 0.4, "C01": 0.2, "E01": 0.15, "N03": 0.1}
INTERPRETER: Weights = {"4": 0.6, "5": 0.37, "1": 0.025, "2": 0.005}
INTERPRETED = ("1", "2")

# Therapies: SNOMED CT code, this dataset's short code, weight. The first four of 05 are low intensity.
THERAPY: dict[str, tuple[tuple[str, str, float], ...]] = {
    "05": (("748051000000105", "GSB", 0.24), ("748041000000107", "GSC", 0.11), ("702545008", "PSE", 0.07),
        ("748101000000105", "NSB", 0.02), ("304891004", "CBT", 0.37), ("286711000000107", "CFD", 0.09),
        ("449030000", "EMD", 0.04), ("443730003", "IPT", 0.02), ("314034001", "BDT", 0.02),
        ("1129471000000105", "CTD", 0.02)),
    "01": (("718026005", "CBP", 1.0), ("985451000000105", "FIP", 0.0)),
    "02": (("149591000000108", "GCB", 0.7), ("1771581000000100", "CBB", 0.2),
        ("1108261000000102", "IPR", 0.1)),
    "03": (("405780009", "DBT", 0.35), ("1111681000000103", "MBT", 0.35), ("390773006", "CAT", 0.2),
        ("1111691000000101", "SCH", 0.1)),
    "04": (("1111811000000109", "CBE", 0.7), ("1323471000000102", "MAN", 0.18),
        ("1323451000000106", "SSC", 0.12)),
}  # fmt: skip
LOW_INTENSITY, GUIDED_COMPUTER, COUPLE = 4, "748041000000107", "1129471000000105"
LOW_INTENSITY_CODES = [code for code, _, _ in THERAPY["05"][:LOW_INTENSITY]]
HIGH_INTENSITY_CODES = [code for code, _, _ in THERAPY["05"][LOW_INTENSITY:]]
GROUP_THERAPIES = ("702545008", "149591000000108")
STEPPED_UP = 0.18  # of courses that begin at low intensity
STEPPED_DOWN = 0.04  # of courses that begin at high intensity; ASSUMED

# Staff.
STAFF_GROUP: Weights = {"03": 0.52, "02": 0.18, "11": 0.14, "08": 0.06, "09": 0.05, "07": 0.05}
BAND: Weights = {"05": 0.08, "06": 0.2, "07": 0.4, "8A": 0.22, "8B": 0.08, "8C": 0.02}
QUALIFICATION: Weights = {"10": 0.42, "11": 0.36, "12": 0.1, "17": 0.05, "15": 0.03, "14": 0.02, "30": 0.02}
# Who leaves in a year: of psychological wellbeing practitioners 25 per cent, of high-intensity therapists 12, so 17
# of this mix. 2015 Adult IAPT Workforce Census (NHS England and Health Education England), as quoted elsewhere: R.
PRACTITIONER, PRACTITIONERS_LEAVE, THERAPISTS_LEAVE = "10", 0.25, 0.12
# Days until a post is filled, and how many join as trainees: as many as complete their course in a year. ASSUMED.
VACANT_DAYS, JOINS_AS_TRAINEE, IN_TRAINING = (30, 150), 0.6, 0.12
# Days of a course: a year; half a year for EMDR and for employment advisers. R, as in ``ref.course_length``.
COURSE, SHORT_COURSE, SHORT_COURSES = 365, 183, ("17", "30")
# Of members of staff and therapies of a service: trained in it, supervised in it, supervision ended. ASSUMED.
STAFF_TRAINED, STAFF_SUPERVISED, SUPERVISION_ENDED = 0.86, 0.88, 0.1

# Experience questions: four of choice (Y, N, NA) and one of satisfaction at assessment, six after treatment.
CHOICE_QUESTIONS = ("747861000000100", "747871000000107", "747881000000109", "904691000000103")
SATISFACTION_QUESTION = "747891000000106"
TREATMENT_QUESTIONS = (
    "747901000000107", "747911000000109", "747921000000103", "747931000000101", "747941000000105",
    "747951000000108",
)  # fmt: skip
CHOICE_ANSWER: Weights = {"Y": 0.86, "N": 0.06, "NA": 0.08}
# McPin 2014: 71 per cent satisfied with assessment; 77 to 83 per cent content with delivery.
SATISFACTION_ANSWER: Weights = {"4": 0.40, "3": 0.31, "2": 0.16, "1": 0.08, "0": 0.05}
EMPLOYMENT_SUPPORT = "1098051000000103"
# iMTA Productivity Cost Questionnaire, questions 7 to 9: worked while bothered by problems, on how many days, how
# much could be done on them (0 to 10). ASSUMED.
PRESENTEEISM: dict[str, Weights] = {
    "748161000000109": {"Y": 0.7, "N": 0.3},
    "760741000000102": {"1": 0.1, "2": 0.2, "3": 0.2, "5": 0.25, "7": 0.15, "10": 0.1},
    "761051000000105": {"3": 0.1, "5": 0.3, "6": 0.2, "7": 0.2, "8": 0.15, "10": 0.05},
}
WSAS_ITEMS = (
    "WSAS_WORK",
    "WSAS_HOME_MANAGEMENT",
    "WSAS_SOCIAL_LEISURE",
    "WSAS_PRIVATE_LEISURE",
    "WSAS_RELATIONSHIPS",
)
# McPin Foundation 2014 asked these at the demonstration sites; 0 is worst, 4 is best. Shares ASSUMED.
WAITING_ANSWER: Weights = {"4": 0.25, "3": 0.28, "2": 0.22, "1": 0.14, "0": 0.11}
SMI_ASKED_EARLY: dict[str, Weights] = {"MCPIN_ASSESSMENT": SATISFACTION_ANSWER, "MCPIN_WAITING": WAITING_ANSWER}
SMI_ASKED_LATE = ("MCPIN_EXPECTATIONS", "MCPIN_HELPED", "MCPIN_OVERALL", "MCPIN_DELIVERY")
TREATMENT_ANSWER: Weights = {"4": 0.50, "3": 0.28, "2": 0.12, "1": 0.05, "0": 0.03, "NA": 0.02}
