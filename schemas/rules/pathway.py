"""Rules of the referral that compare one value with another: who was referred, by whom and to which pathway.

Belongs here: pathway, primary reason, source, onset, age and duplicate referrals of IDS101. Does not belong here:
its dates and end (``referral``), the diagnosis (``diagnosis``).
"""

from schemas.pathway import default_pathway, pathways
from schemas.rule import Dimension, Effect, Level, Owner, Rule

_DEFAULT = default_pathway().code
# Primary reasons (MHSDS) that belong to one pathway. All others belong to the default pathway.
_SPECIFIC = [found for found in pathways() if found.primary_reasons and not found.is_default]
_REASON_DIFFERS = " OR ".join(
    [f"(Pathway = '{found.code}' AND PrimReasonReferralMH NOT IN {found.reasons_sql})" for found in _SPECIFIC]
    + [f"(Pathway = '{_DEFAULT}' AND PrimReasonReferralMH IN {found.reasons_sql})" for found in _SPECIFIC]
)
_MONTH = "^[0-9]{4}-[0-9]{2}$"


def _month(value: str) -> str:
    return f"SUBSTR(CAST({value} AS VARCHAR), 1, 7)"


RULES: tuple[Rule, ...] = (
    Rule(
        "IDS101-123",
        "IDS101",
        Effect.SEVERE_WARNING,
        ("Pathway",),
        "IDS000_DatSetVer = '1.0' AND Pathway IS NULL",
        "Pathway is blank.",
        f"Enter the pathway: {', '.join(f'{found.code} {found.name.lower()}' for found in pathways())}.",
        "Parity then derives the pathway from the diagnosis, else from the primary reason, else it uses "
        f"{_DEFAULT}. The patient may be compared with the wrong group.",
        Dimension.COMPLETENESS,
        bad=({"Pathway": None},),
        good=({"Pathway": "01"}, {"Pathway": None, "IDS000_DatSetVer": "2.1"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-124",
        "IDS101",
        Effect.WARNING,
        ("Pathway", "PrimReasonReferralMH"),
        _REASON_DIFFERS,
        "Pathway {Pathway} does not match the primary reason for referral {PrimReasonReferralMH}.",
        "Correct the value that is wrong. Reasons of one pathway only: "
        + ", ".join(
            f"{' or '.join(each.primary_reasons)} for {each.code} {each.name.lower()}" for each in _SPECIFIC
        )
        + ".",
        "Outcomes are compared within a pathway. The patient may count in the wrong one.",
        bad=({"Pathway": "01", "PrimReasonReferralMH": "14"}, {"Pathway": "05", "PrimReasonReferralMH": "03"}),
        good=({"Pathway": "02", "PrimReasonReferralMH": "03"}, {"Pathway": "05", "PrimReasonReferralMH": "11"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-125",
        "IDS101",
        Effect.WARNING,
        ("OnsetDate", "ReferralRequestReceivedDate"),
        f"OnsetDate ~ '{_MONTH}' AND OnsetDate > {_month('ReferralRequestReceivedDate')}",
        "The symptoms began in {OnsetDate}, after the referral was received ({ReferralRequestReceivedDate}).",
        "Correct the value that is wrong.",
        "The time from onset to referral would be negative.",
        bad=({"OnsetDate": "2026-05"},),
        good=({"OnsetDate": "2026-04"}, {"OnsetDate": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-126",
        "IDS101",
        Effect.WARNING,
        ("OnsetDate",),
        f"OnsetDate ~ '{_MONTH}' AND OnsetDate < {_month('IDS001_PersonBirthDate')}",
        "The symptoms began in {OnsetDate}, before the patient was born.",
        "Correct the onset, or correct the patient's date of birth.",
        "The time from onset to referral would be longer than the patient's life.",
        bad=({"OnsetDate": "1998-02", "IDS001_PersonBirthDate": "1998-03-14"},),
        good=({"OnsetDate": "1998-03", "IDS001_PersonBirthDate": "1998-03-14"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-127",
        "IDS101",
        Effect.WARNING,
        ("SourceOfReferralMH", "SourceOfReferralIAPT"),
        "SourceOfReferralMH <> SourceOfReferralIAPT",
        "SourceOfReferralMH is {SourceOfReferralMH}, but SourceOfReferralIAPT is {SourceOfReferralIAPT}.",
        "Use the element of your dataset version: SourceOfReferralIAPT from version 2.1.",
        "SourceOfReferralMH counts, and it may be the wrong one.",
        Dimension.CONFORMANCE,
        bad=({"SourceOfReferralMH": "A1", "SourceOfReferralIAPT": "B1"},),
        good=({"SourceOfReferralMH": "A1", "SourceOfReferralIAPT": "A1"}, {"SourceOfReferralMH": None}),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "IDS101-128",
        "IDS101",
        Effect.WARNING,
        ("ReferralRequestReceivedDate",),
        "ReferralRequestReceivedDate >= IDS001_PersonBirthDate"
        " AND ReferralRequestReceivedDate < IDS001_PersonBirthDate + INTERVAL '16 years'",
        "The patient was under 16 when the referral was received ({ReferralRequestReceivedDate}).",
        "Check the date of birth and the date of the referral.",
        "The compared services are for adults. A wrong date puts the patient into the wrong age group.",
        bad=({"IDS001_PersonBirthDate": "2010-04-03"},),
        good=({"IDS001_PersonBirthDate": "2010-04-02", "IDS000_DatSetVer": "2.1"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-129",
        "IDS101",
        Effect.WARNING,
        ("ReferralRequestReceivedDate",),
        "IDS000_DatSetVer = '1.0' AND ReferralRequestReceivedDate >= IDS001_PersonBirthDate + INTERVAL '16 years'"
        " AND ReferralRequestReceivedDate < IDS001_PersonBirthDate + INTERVAL '18 years'",
        "The patient was under 18 when the referral was received ({ReferralRequestReceivedDate}).",
        "Check the date of birth and the date of the referral.",
        "National figures on psychological therapy for severe mental illness count patients aged 18 and over.",
        bad=({"IDS001_PersonBirthDate": "2008-04-03"},),
        good=(
            {"IDS001_PersonBirthDate": "2008-04-02"},
            {"IDS001_PersonBirthDate": "2008-04-03", "IDS000_DatSetVer": "2.1"},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-130",
        "IDS101",
        Effect.WARNING,
        ("Pathway", "ServDischDate"),
        "ServDischDate_text IS NULL AND SUM(CASE WHEN ServDischDate_text IS NULL THEN 1 ELSE 0 END)"
        " OVER (PARTITION BY LocalPatientId, Pathway) > 1",
        "The patient has more than one open referral on pathway {Pathway}.",
        "Discharge the referral that is no longer in use, or correct its pathway.",
        "The patient counts twice as waiting or in treatment, and the contacts are split between two referrals.",
        level=Level.GROUP,
        group_by=("LocalPatientId", "Pathway"),
        bad=({}, {"ServiceRequestId": "R900"}),
        good=({}, {"ServiceRequestId": "R900", "ServDischDate": "2026-04-20", "EndCode": "46"}),
        owner=Owner.CLINICIAN,
    ),
)
