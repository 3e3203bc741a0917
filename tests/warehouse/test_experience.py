"""What people say of their care: which answers count, who was engaged, and how far services are apart."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.instruments import questions
from tests.fixtures.warehouse import APRIL, FEW, Row, ask, build, each_alone, one, write_submission

TREATMENT, CHOICE, HELPED, STOPPED = "747901000000107", "747861000000100", "MCPIN_HELPED", "STOPPED_WAIT"
DAY = date(2025, 4, 20)


def answer(question: str, given: str | None, day: date = DAY) -> Row:
    return {"ServiceRequestId": "r", "QuestionCode": question, "Answer": given, "AnswerDate": day}


FLAGS = "is_counted, is_positive, is_negative, is_highest, is_lowest"


ANSWERS = [
        (TREATMENT, "4", (True, True, False, True, False)), (TREATMENT, "3", (True, True, False, False, False)),
        (TREATMENT, "2", (True, False, False, False, False)), (TREATMENT, "1", (True, False, True, False, False)),
        (HELPED, "0", (True, False, True, False, True)), (HELPED, "NA", (False,) * 5), (HELPED, "99", (False,) * 5),
        (TREATMENT, "Y", (False,) * 5), (TREATMENT, "9", (False,) * 5), (HELPED, None, (False,) * 5),
        (CHOICE, "Y", (True, True, False, True, False)), (CHOICE, "N", (True, False, True, False, True)),
        (CHOICE, "4", (False,) * 5),
        # A reason for stopping is named or not; neither is praise or blame.
        (STOPPED, "Y", (True, False, False, True, False)), (STOPPED, "N", (True, False, False, False, True)),
        ("999999999", "4", (False,) * 5),
]  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """What became of each of the answers, given at a service of its own: one build for all."""
    tables = [{"SMI608": [answer(question, given)]} for question, given, _ in ANSWERS]
    return each_alone(tmp_path_factory.mktemp("answers"), tables, FLAGS, "core.experience")


@pytest.mark.parametrize(
    "place", range(len(ANSWERS)), ids=[f"{question}-{given}" for question, given, _ in ANSWERS]
)
def test_which_answers_count_and_as_what(judged: list[list[Any]], place: int) -> None:
    assert judged[place] == [ANSWERS[place][2]]


def contact(attendance: str) -> list[Row]:
    return [
        {
            "CareContactId": "c",
            "ServiceRequestId": "r",
            "CareContDate": DAY,
            "AppType": "02",
            "AttendOrDNACode": attendance,
        }
    ]


@pytest.mark.parametrize(("attendance", "engagement"), [("5", "engaged"), ("3", "not engaged")])
def test_engaged_is_who_had_therapy(tmp_path: Path, attendance: str, engagement: str) -> None:
    tables = {"SMI608": [answer(HELPED, "4")], "IDS201": contact(attendance)}
    assert one(tmp_path, tables, "engagement", "core.experience") == [(engagement,)]


def test_an_answer_without_its_referral_is_kept_without_a_pathway(tmp_path: Path) -> None:
    stray = answer(HELPED, "4") | {"ServiceRequestId": "gone"}
    found = one(tmp_path, {"SMI608": [stray]}, "pathway, engagement, is_counted", "core.experience")
    assert found == [(None, None, True)]


def test_answers_sent_as_scores_are_the_same_questions(tmp_path: Path) -> None:
    tables = {
        "IDS201": contact("5"),
        "IDS202": [{"CareActId": "a", "CareContactId": "c"}],
        "IDS606": [
            {
                "ServiceRequestId": "r",
                "CodedAssToolType": TREATMENT,
                "PersScore": "3",
                "AssToolCompDate": date(2025, 4, 1),
            },
            {"ServiceRequestId": "r", "CodedAssToolType": "720433000", "PersScore": "3", "AssToolCompDate": DAY},
        ],
        "IDS607": [
            {"CareActId": "a", "CodedAssToolType": CHOICE, "PersScore": "N"},
            {"CareActId": "a", "CodedAssToolType": TREATMENT, "PersScore": "0"},
        ],
        # The same question on the same day: the table made for answers speaks.
        "SMI608": [answer(TREATMENT, "4")],
    }
    found = one(tmp_path, tables, "question, answered_on, answer, submitted_records", "core.experience")
    assert found == [(CHOICE, DAY, "N", 1), (TREATMENT, date(2025, 4, 1), "3", 1), (TREATMENT, DAY, "4", 2)]


# ---- the McPin evaluation ------------------------------------------------------------------------------------

# Six services: pathway, and people who had therapy. 241 had it, 64 did not; 305 answered in all.
SERVICES = {
    "RA1": ("02", 50), "RA2": ("03", 25), "RA3": ("03", 29), "RA4": ("03", 28), "RA5": ("01", 55), "RA6": ("01", 54),
}  # fmt: skip
WITHOUT_THERAPY = {"RA1": 11, "RA2": 11, "RA3": 11, "RA4": 11, "RA5": 10, "RA6": 10}
# Question → per service, of those who had therapy: (answers at the top, other positive ones, bottom, other negative ones).
# Chosen so that every total and every range comes out as printed; the rest of a service answers 2.
GIVEN: dict[str, dict[str, tuple[int, int, int, int]]] = {
    "MCPIN_ASSESSMENT": {
        "RA1": (20, 17, 2, 2), "RA2": (8, 9, 2, 2), "RA3": (9, 11, 2, 2), "RA4": (9, 10, 2, 2),
        "RA5": (20, 20, 2, 2), "RA6": (20, 18, 2, 2),
    },
    "MCPIN_EXPECTATIONS": {
        "RA1": (25, 5, 1, 1), "RA2": (17, 2, 1, 1), "RA3": (6, 9, 2, 2), "RA4": (10, 5, 2, 2),
        "RA5": (25, 9, 2, 2), "RA6": (25, 9, 2, 2),
    },
    "MCPIN_DELIVERY": {
        "RA1": (20, 20, 0, 0), "RA2": (8, 8, 4, 4), "RA3": (14, 14, 0, 0), "RA4": (10, 10, 1, 1),
        "RA5": (14, 14, 2, 2), "RA6": (20, 20, 1, 1),
    },
    "MCPIN_COMMUNICATION": {
        "RA1": (21, 22, 1, 1), "RA2": (10, 10, 1, 1), "RA3": (12, 12, 1, 1), "RA4": (11, 12, 1, 1),
        "RA5": (23, 23, 1, 1), "RA6": (23, 23, 1, 1),
    },
    "MCPIN_SESSIONS": {
        "RA1": (12, 13, 2, 2), "RA2": (12, 12, 0, 0), "RA3": (12, 12, 1, 1), "RA4": (12, 12, 1, 1),
        "RA5": (22, 23, 1, 1), "RA6": (21, 23, 1, 1),
    },
    "MCPIN_ACCESSIBILITY": {
        "RA1": (20, 20, 1, 1), "RA2": (8, 9, 1, 1), "RA3": (11, 11, 1, 1), "RA4": (13, 13, 0, 0),
        "RA5": (22, 22, 1, 1), "RA6": (22, 22, 1, 1),
    },
    "MCPIN_SKILLS": {name: (size // 2, round(186 / 241 * size) - size // 2, 1, 1) for name, (_, size) in SERVICES.items()},
    "MCPIN_UNDERSTOOD": {name: (size // 2, round(200 / 241 * size) - size // 2, 1, 1) for name, (_, size) in SERVICES.items()},
    "MCPIN_ENDING": {
        "RA1": (18, 18, 1, 1), "RA2": (9, 8, 1, 1), "RA3": (5, 4, 3, 3), "RA4": (12, 11, 1, 1),
        "RA5": (19, 19, 1, 1), "RA6": (19, 19, 1, 1),
    },
    "MCPIN_HELPED": {
        "RA1": (27, 5, 3, 1), "RA2": (13, 3, 2, 1), "RA3": (14, 3, 3, 1), "RA4": (14, 3, 3, 1),
        "RA5": (29, 5, 4, 1), "RA6": (28, 5, 4, 1),
    },
    # Psychosis and bipolar: 124 of 159; personality disorder: 48 of 82.
    "MCPIN_OVERALL": {
        "RA1": (20, 19, 1, 1), "RA2": (7, 8, 2, 2), "RA3": (8, 8, 2, 2), "RA4": (8, 9, 2, 2),
        "RA5": (20, 23, 1, 1), "RA6": (20, 22, 1, 1),
    },
    "MCPIN_WAITING": {name: (5, 5, size // 12, 3) for name, (_, size) in SERVICES.items()},
}  # fmt: skip
# Of the 64 without therapy: 34 satisfied with the assessment, 17 very dissatisfied with support while waiting.
NOT_ENGAGED = {
    "MCPIN_ASSESSMENT": [(3, 3, 2, 2), (3, 3, 2, 2), (3, 3, 2, 2), (3, 3, 2, 2), (3, 2, 2, 2), (3, 2, 2, 2)],
    "MCPIN_WAITING": [(1, 2, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2), (1, 2, 2, 2)],
}


def answers_of(size: int, counts: tuple[int, int, int, int]) -> list[str]:
    """One answer for each of ``size`` people."""
    given = [value for value, number in zip("4301", counts, strict=True) for _ in range(number)]
    assert len(given) <= size
    return given + ["2"] * (size - len(given))


def site(provider: str, place: int) -> dict[str, list[Row]]:
    pathway, size = SERVICES[provider]
    tables: dict[str, list[Row]] = {name: [] for name in ("IDS001", "IDS101", "IDS201", "SMI608")}
    groups = [
        ("t", size, {question: counts[provider] for question, counts in GIVEN.items()}),
        ("n", WITHOUT_THERAPY[provider], {question: counts[place] for question, counts in NOT_ENGAGED.items()}),
    ]
    for group, people, asked in groups:
        names = [f"{group}{number}" for number in range(people)]
        tables["IDS001"] += [{"LocalPatientId": name} for name in names]
        tables["IDS101"] += [
            {
                "ServiceRequestId": name,
                "LocalPatientId": name,
                "ReferralRequestReceivedDate": APRIL,
                "Pathway": pathway,
            }
            for name in names
        ]
        tables["SMI608"] += [
            {"ServiceRequestId": name, "QuestionCode": question, "Answer": given, "AnswerDate": DAY}
            for question, counts in asked.items()
            for name, given in zip(names, answers_of(people, counts), strict=True)
        ]
        if group == "t":
            tables["IDS201"] += [
                {
                    "CareContactId": name,
                    "ServiceRequestId": name,
                    "CareContDate": DAY,
                    "AppType": "02",
                    "AttendOrDNACode": "5",
                }
                for name in names
            ]
    return tables


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp = tmp_path_factory.mktemp("mcpin")
    return build(
        tmp,
        [write_submission(tmp, name, APRIL, site(name, place)) for place, name in enumerate(SERVICES)],
        measures=FEW,
    )


SHARES = {
    "positive": "positive / answers", "negative": "negative / answers", "highest": "highest / answers",
    "lowest": "lowest / answers",
}  # fmt: skip


def percent(evaluation: Path, question: str, which: str, engagement: str, pathway: str = "all") -> int:
    ((share,),) = ask(
        evaluation,
        f"""SELECT {SHARES[which]} FROM mart.experience
            WHERE period_type = 'all months' AND question = ? AND engagement = ? AND pathway = ?""",
        [question, engagement, pathway],
    )
    return round(100 * share)


def test_how_many_answered(evaluation: Path) -> None:
    found = ask(
        evaluation,
        """SELECT engagement, answers, services FROM mart.experience
           WHERE period_type = 'all months' AND pathway = 'all' AND question = 'MCPIN_ASSESSMENT' ORDER BY engagement""",
    )
    assert found == [("all", 305, 6), ("engaged", 241, 6), ("not engaged", 64, 6)]


@pytest.mark.parametrize(
    ("question", "which", "published"),
    [
        ("MCPIN_ASSESSMENT", "positive", 71), ("MCPIN_COMMUNICATION", "positive", 84),
        ("MCPIN_SESSIONS", "positive", 77), ("MCPIN_ACCESSIBILITY", "positive", 80),
        ("MCPIN_SKILLS", "positive", 77), ("MCPIN_UNDERSTOOD", "positive", 83), ("MCPIN_ENDING", "positive", 67),
        ("MCPIN_HELPED", "highest", 52), ("MCPIN_HELPED", "lowest", 8),
    ],
)  # fmt: skip
def test_published_shares_of_those_who_had_therapy(
    evaluation: Path, question: str, which: str, published: int
) -> None:
    assert percent(evaluation, question, which, "engaged") == published


def test_published_shares_of_those_who_had_none(evaluation: Path) -> None:
    assert percent(evaluation, "MCPIN_ASSESSMENT", "positive", "not engaged") == 53
    waiting = [percent(evaluation, "MCPIN_WAITING", "lowest", who) for who in ("engaged", "not engaged")]
    assert waiting[1] > 25 and waiting[1] > 3 * waiting[0]  # over a quarter, and more than three times as many


def test_published_shares_by_condition(evaluation: Path) -> None:
    found = ask(
        evaluation,
        """SELECT pathway = '03', sum(positive), sum(answers) FROM mart.experience
           WHERE period_type = 'all months' AND question = 'MCPIN_OVERALL' AND engagement = 'engaged' AND pathway <> 'all'
           GROUP BY ALL ORDER BY ALL""",
    )
    assert [(is_03, round(100 * positive / answers)) for is_03, positive, answers in found] == [
        (False, 78),
        (True, 59),
    ]
    assert percent(evaluation, "MCPIN_OVERALL", "positive", "engaged", "03") == 59


@pytest.mark.parametrize(
    ("question", "which", "least", "most"),
    [
        ("MCPIN_EXPECTATIONS", "highest", 21, 68), ("MCPIN_DELIVERY", "negative", 0, 32),
        ("MCPIN_DELIVERY", "positive", 51, 97), ("MCPIN_SESSIONS", "positive", 50, 96),
        ("MCPIN_ACCESSIBILITY", "positive", 68, 93), ("MCPIN_ENDING", "positive", 31, 82),
    ],
)  # fmt: skip
def test_published_range_across_the_six_services(
    evaluation: Path, question: str, which: str, least: int, most: int
) -> None:
    ((low, high, services),) = ask(
        evaluation,
        f"""SELECT {which}_share_least, {which}_share_most, services_in_range FROM mart.experience
            WHERE period_type = 'all months' AND question = ? AND engagement = 'engaged' AND pathway = 'all'""",
        [question],
    )
    assert (round(100 * low), round(100 * high), services) == (least, most, 6)


def test_no_range_is_shown_where_it_would_name_a_service(evaluation: Path) -> None:
    # One bipolar service: its value is England's. Two psychosis services: each would know the other's.
    found = ask(
        evaluation,
        """SELECT pathway, services, positive_share_least, lowest_share_most FROM mart.experience
           WHERE period_type = 'all months' AND question = 'MCPIN_OVERALL' AND engagement = 'all' AND pathway IN ('01', '02')
           ORDER BY pathway""",
    )
    assert found == [("01", 2, None, None), ("02", 1, None, None)]
    columns = {name for name, *_ in ask(evaluation, "DESCRIBE mart.experience")}
    assert not columns & {"provider", "organisation"}


def test_a_service_with_few_answers_is_counted_and_in_no_range(tmp_path: Path) -> None:
    won = []
    for number, (provider, people) in enumerate({"RA1": 10, "RA2": 10, "RA3": 10, "RA4": 9}.items()):
        names = [str(person) for person in range(people)]
        tables: dict[str, list[Row]] = {
            "IDS001": [{"LocalPatientId": name} for name in names],
            "IDS101": [
                {
                    "ServiceRequestId": name,
                    "LocalPatientId": name,
                    "ReferralRequestReceivedDate": APRIL,
                    "Pathway": "01",
                }
                for name in names
            ],
            "SMI608": [
                answer(HELPED, "4" if int(name) < number * 3 else "0") | {"ServiceRequestId": name}
                for name in names
            ],
        }
        won.append(write_submission(tmp_path, provider, APRIL, tables))
    found = ask(
        build(tmp_path, won, measures=FEW),
        """SELECT answers, highest, services, services_in_range, highest_share_least, highest_share_most
           FROM mart.experience WHERE period_type = 'all months' AND pathway = 'all' AND engagement = 'all'""",
    )
    assert found == [(39, 3 + 6 + 9, 4, 3, 0.0, 0.6)]


def test_the_evaluation_asks_what_the_report_names() -> None:
    by_kind = Counter(question.questionnaire for question in questions())
    assert by_kind == {"assessment": 5, "treatment": 6, "evaluation": 12, "reason for stopping": 8}
    assert set(GIVEN) == {question.code for question in questions() if question.questionnaire == "evaluation"}
