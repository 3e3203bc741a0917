"""Rules of the offer of therapy that compare one value with another.

Belongs here: offer and answer in IDS101. Does not belong here: when the referral came and ended (``referral``).
"""

from schemas.rule import Dimension, Effect, Owner, Rule
from schemas.rules.recurring import NOT_YET, after_period

RULES: tuple[Rule, ...] = (
    Rule(
        "IDS101-118",
        "IDS101",
        Effect.WARNING,
        ("OfferOfTherapyDate", "ReferralRequestReceivedDate"),
        "OfferOfTherapyDate < ReferralRequestReceivedDate",
        "Therapy was offered on {OfferOfTherapyDate}, before the referral was received "
        "({ReferralRequestReceivedDate}).",
        "Correct the date that is wrong.",
        "The wait from referral to offer would be negative.",
        bad=({"OfferOfTherapyDate": "2026-04-01"},),
        good=({"OfferOfTherapyDate": "2026-04-02"}, {"OfferOfTherapyDate": None, "OfferAccepted": None}),
        owner=Owner.CLINICIAN,
    ),
    after_period(
        "IDS101-119",
        "OfferOfTherapyDate",
        "The offer of therapy",
        "A future offer would be counted as made.",
        Effect.WARNING,
        NOT_YET,
    ),
    Rule(
        "IDS101-120",
        "IDS101",
        Effect.WARNING,
        ("OfferOfTherapyDate", "ServDischDate"),
        "OfferOfTherapyDate > ServDischDate",
        "Therapy was offered on {OfferOfTherapyDate}, after the discharge ({ServDischDate}).",
        "Correct the date that is wrong.",
        "The referral was closed, so the offer is left out.",
        bad=({"OfferOfTherapyDate": "2026-04-21", "ServDischDate": "2026-04-20", "EndCode": "46"},),
        good=({"OfferOfTherapyDate": "2026-04-20", "ServDischDate": "2026-04-20", "EndCode": "46"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-121",
        "IDS101",
        Effect.WARNING,
        ("OfferAccepted", "OfferOfTherapyDate"),
        "OfferAccepted IS NOT NULL AND OfferOfTherapyDate_text IS NULL",
        "OfferAccepted is {OfferAccepted}, but there is no date of the offer.",
        "Enter OfferOfTherapyDate, or remove OfferAccepted.",
        "Only offers with a date count, and waits to the offer use this date.",
        Dimension.COMPLETENESS,
        bad=({"OfferOfTherapyDate": None, "OfferAccepted": "Y"},),
        good=({"OfferOfTherapyDate": None, "OfferAccepted": None},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-122",
        "IDS101",
        Effect.WARNING,
        ("OfferOfTherapyDate", "OfferAccepted"),
        "OfferOfTherapyDate IS NOT NULL AND OfferAccepted IS NULL",
        "Therapy was offered on {OfferOfTherapyDate}, but OfferAccepted is blank.",
        "Enter Y (accepted), N (not accepted) or W (the patient has not decided yet).",
        "The share of patients who accept therapy uses only offers with an answer.",
        Dimension.COMPLETENESS,
        bad=({"OfferAccepted": None},),
        good=({"OfferAccepted": "W"}, {"OfferOfTherapyDate": None, "OfferAccepted": None}),
        owner=Owner.CLINICIAN,
    ),
)
