"""Rules of hospital spells and other service use that compare one value with another.

Belongs here: SMI501. Does not belong here: contacts of the therapy service (``contact``).

Service use is reported for the time before, during and after therapy, so it may be older than the month.
"""

from schemas.rule import Effect, Level, Owner, Rule
from schemas.rules.recurring import NOT_YET, after_period, ends_before_start, overlap, repeated_key

_LASTING = "('01', '04')"  # inpatient spell and detention have a length; all other kinds are events
_MANY = 366  # more than one a day for a year

RULES: tuple[Rule, ...] = (
    repeated_key(
        "SMI501-102",
        "service use",
        "One spell or event would count as several. Service use is compared before and after therapy.",
        {"ServiceUseType": "05", "ServiceUseEndDate": None},
    ),
    ends_before_start(
        "SMI501-103", "ServiceUseStartDate", "ServiceUseEndDate", "service use", "Bed days would be negative."
    ),
    after_period(
        "SMI501-104",
        "ServiceUseStartDate",
        "The start of the service use",
        "A future event would be counted as having happened.",
        also={"ServiceUseEndDate": None},
    ),
    after_period(
        "SMI501-105",
        "ServiceUseEndDate",
        "The end of the service use",
        "Future bed days would be counted.",
        fix=NOT_YET,
    ),
    Rule(
        "SMI501-106",
        "SMI501",
        Effect.SEVERE_WARNING,
        ("ServiceUseStartDate", "ServiceUseEndDate"),
        "ServiceUseType = '01' AND "
        + overlap(("LocalPatientId", "ServiceUseType"), "ServiceUseStartDate", "ServiceUseEndDate", same_day=False),
        "The inpatient spell from {ServiceUseStartDate} to {ServiceUseEndDate} overlaps another spell of the "
        "same patient. A blank end means that the spell still lasts.",
        "Enter the end of the earlier spell. If the patient only changed wards, send one spell.",
        "Bed days in both spells are counted twice, so the patient seems to use more care than in fact.",
        level=Level.GROUP,
        group_by=("LocalPatientId", "ServiceUseType"),
        bad=({}, {"ServiceUseId": "U900", "ServiceUseStartDate": "2026-03-20", "ServiceUseEndDate": "2026-04-02"}),
        good=(
            {},
            {"ServiceUseId": "U900", "ServiceUseStartDate": "2026-03-27", "ServiceUseEndDate": None},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "SMI501-107",
        "SMI501",
        Effect.WARNING,
        ("ServiceUseCount", "ServiceUseType"),
        f"ServiceUseType IN {_LASTING} AND ServiceUseCount > 1",
        "This record of a spell or detention (type {ServiceUseType}) has the count {ServiceUseCount}.",
        "Send one record for each, with its own dates. Leave the count blank.",
        "Bed days are calculated from dates. Those of the other spells are missing.",
        bad=({"ServiceUseCount": "2"},),
        good=(
            {"ServiceUseCount": "1"},
            {"ServiceUseType": "05", "ServiceUseEndDate": None, "ServiceUseCount": "2"},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "SMI501-108",
        "SMI501",
        Effect.WARNING,
        ("ServiceUseEndDate", "ServiceUseType", "ServiceUseStartDate", "ServiceUseCount"),
        f"ServiceUseType NOT IN {_LASTING} AND ServiceUseEndDate > ServiceUseStartDate"
        " AND (ServiceUseCount_text IS NULL OR ServiceUseCount = 1)",
        "The event (type {ServiceUseType}) starts on {ServiceUseStartDate} and ends later, on {ServiceUseEndDate}.",
        "Leave the end blank, or enter the number of events in that time.",
        "An event counts on its first day. If there were several, the others are missing.",
        bad=({"ServiceUseType": "03"},),
        good=(
            {"ServiceUseType": "03", "ServiceUseEndDate": None},
            {"ServiceUseType": "05", "ServiceUseCount": "4"},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "SMI501-109",
        "SMI501",
        Effect.WARNING,
        ("ServiceUseStartDate", "ServiceUseEndDate"),
        "ServiceUseType = '01' AND (ServiceUseStartDate + INTERVAL '5 years' < ServiceUseEndDate"
        " OR (ServiceUseEndDate_text IS NULL AND ServiceUseStartDate + INTERVAL '5 years'"
        " < IDS000_ReportingPeriodEndDate))",
        "The inpatient spell that began on {ServiceUseStartDate} lasts longer than five years.",
        "Enter the end of the spell, or correct the dates.",
        "One such spell can exceed the bed days of a whole service.",
        bad=(
            {"ServiceUseStartDate": "2021-03-26"},
            {"ServiceUseStartDate": "2021-04-29", "ServiceUseEndDate": None},
        ),
        good=({"ServiceUseStartDate": "2021-03-27"}, {}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "SMI501-110",
        "SMI501",
        Effect.REJECT_RECORD,
        ("ServiceUseStartDate",),
        "ServiceUseStartDate < IDS001_PersonBirthDate",
        "The service use began on {ServiceUseStartDate}, before the patient was born.",
        "Correct the date, or the LocalPatientId of the record.",
        "One of the two values belongs to another person.",
        bad=({"ServiceUseStartDate": "2026-03-09", "IDS001_PersonBirthDate": "2026-03-10"},),
        good=({"IDS001_PersonBirthDate": "1998-03-14"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "SMI501-111",
        "SMI501",
        Effect.WARNING,
        ("ServiceUseCount",),
        f"ServiceUseCount > {_MANY}",
        "The record counts as {ServiceUseCount} events.",
        "Check the number. A date or a code may be in the wrong column.",
        "One such record can exceed the events of a whole service.",
        bad=({"ServiceUseType": "05", "ServiceUseEndDate": None, "ServiceUseCount": "2026"},),
        good=({"ServiceUseType": "05", "ServiceUseEndDate": None, "ServiceUseCount": "366"},),
        owner=Owner.CLINICIAN,
    ),
)
