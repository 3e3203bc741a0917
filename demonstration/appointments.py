"""The records of appointments: contacts, activities and therapy over the internet.

Belongs here: the columns of IDS201, IDS202 and IDS205. Does not belong here: the scores taken in them (``care``).
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from demonstration import calibration as c
from demonstration import frequencies as f
from demonstration.care import therapy_index
from demonstration.draws import Integers, choose, constant, dates, gather, pick
from demonstration.employment import Work
from demonstration.monthly import Calendar, joined, once
from demonstration.pathways import ASSESSMENT, FOLLOW_UP, NOT_KEPT, TREATMENT, History
from demonstration.records import Ids, Rows
from demonstration.sites import Service
from demonstration.staff import Team

PROGRAMME = "OnlineCBT"
CODES = tuple(code for pathway in c.PATHWAYS for code, _, _ in f.THERAPY[pathway])
APPOINTMENT_TYPES = ("01", "02", "03", "05", "06")


def appointments(
    service: Service,
    history: History,
    calendar: Calendar,
    ids: Ids,
    team: Team,
    work: Work,
    rng: np.random.Generator,
) -> Iterator[Rows]:
    """IDS201, IDS202 and IDS205, each appointment in its month; those of employment advisers too."""
    r, contacts = history.referrals, history.contacts
    size, of = len(contacts.day), contacts.referral
    therapy = therapy_index(
        r.pathway[of], np.where(contacts.session >= r.stepped_at[of], r.stepped_to[of], r.therapy[of])
    )
    attended = contacts.attended
    low = np.isin(therapy, [CODES.index(code) for code in f.LOW_INTENSITY_CODES])
    minutes = np.where(low, 30, 52) + np.rint(6 * rng.standard_normal(size)).astype(np.int64)
    minutes = np.where(attended, np.where(contacts.purpose == ASSESSMENT, minutes + 15, minutes), 0)
    rows = once(calendar.month_of(contacts.day), calendar.months)
    columns = _contacts(service, history, therapy, minutes, rng)
    support, support_acts = _employment_support(service, calendar, ids, team, work)
    yield (
        "IDS201",
        *joined(
            (
                rows.month,
                {
                    "CareContactId": ids.contact.gather(rows.record),
                    "ServiceRequestId": ids.referral.gather(of[rows.record]),
                    "OrgIDComm": constant(service.commissioner, len(rows.record)),
                    "SiteIDOfTreat": constant(f"{service.code}01", len(rows.record)),
                }
                | {name: values.gather(rows.record) for name, values in columns.items()},
            ),
            support,
        ),
    )
    # The post that gives a referral's contacts; after the step up, another one.
    post = (rng.random((2, len(r.received))) * team.posts).astype(np.int64)
    of_contact = np.where((contacts.session >= r.stepped_at[of]), post[1][of], post[0][of])

    def by(which: Integers) -> pl.Series:
        return team.holder(of_contact[which], contacts.day[which], of[which])

    acts = rows.where(np.flatnonzero(attended[rows.record]))
    yield (
        "IDS202",
        *joined(
            (
                acts.month,
                {
                    "CareActId": ids.activity.gather(acts.record),
                    "CareContactId": ids.contact.gather(acts.record),
                    "CarePersLocalId": by(acts.record),
                    "ClinContactDurOfCareAct": pl.Series(minutes[acts.record]),
                    "CodeProcAndProcStatus": gather(
                        CODES, np.where(contacts.purpose == TREATMENT, therapy, -1)[acts.record]
                    ),
                },
            ),
            support_acts,
        ),
    )
    guided = attended & (contacts.purpose == TREATMENT) & (therapy == CODES.index(f.GUIDED_COMPUTER))
    spent = 8 + (rng.random(size) * 22).astype(np.int64)
    logs = rows.where(np.flatnonzero(guided[rows.record]))
    yield (
        "IDS205",
        logs.month,
        {
            "ServiceRequestId": ids.referral.gather(of[logs.record]),
            "StartDateIntEnabledTherLog": dates(contacts.day[logs.record]),
            "EndDateIntEnabledTherLog": dates(contacts.day[logs.record]),
            "IntEnabledTherProg": constant(PROGRAMME, len(logs.record)),
            "DurationIntEnabledTher": pl.Series(spent[logs.record]),
            "CarePersLocalId": by(logs.record),
            "IntegratedSoftwareInd": constant("Y", len(logs.record)),
        },
    )


def _employment_support(
    service: Service, calendar: Calendar, ids: Ids, team: Team, work: Work
) -> tuple[tuple[Integers, dict[str, pl.Series]], tuple[Integers, dict[str, pl.Series]]]:
    """IDS201 and IDS202 of appointments with an employment adviser: their type is other, their code says it."""
    contact, activity = ids.numbered("E", len(work.day)), ids.numbered("F", len(work.day))
    rows = once(calendar.month_of(work.day), calendar.months)
    acts = rows.where(np.flatnonzero(work.attended[rows.record]))
    size, referral = len(rows.record), work.referral[acts.record]
    contacts = {
        "CareContactId": contact.gather(rows.record),
        "ServiceRequestId": ids.referral.gather(work.referral[rows.record]),
        "OrgIDComm": constant(service.commissioner, size),
        "SiteIDOfTreat": constant(f"{service.code}01", size),
        "CareContDate": dates(work.day[rows.record]),
        "CareContTime": constant("08:30:00", size),
        "PlannedCareContIndicator": constant("Y", size),
        "AttendOrDNACode": gather(["3", "5"], work.attended[rows.record].astype(np.int64)),
        "ClinContDurOfCareCont": pl.Series(np.where(work.attended[rows.record], 40, 0)),
        "IAPTLTCServiceInd": constant("N", size),
        "AppType": constant("07", size),
        "ConsMechanism": constant("01", size),
        "ActLocTypeCode": constant("B01", size),
        "CareContPatientTherMode": constant("1", size),
        "LanguageCodeTreat": constant("en", size),
    }
    activities = {
        "CareActId": activity.gather(acts.record),
        "CareContactId": contact.gather(acts.record),
        "CarePersLocalId": team.holder(referral % team.posts, work.day[acts.record], referral),
        "ClinContactDurOfCareAct": pl.Series(np.full(len(acts.record), 40)),
        "CodeProcAndProcStatus": constant(f.EMPLOYMENT_SUPPORT, len(acts.record)),
    }
    return (rows.month, contacts), (acts.month, activities)


def _contacts(
    service: Service, history: History, therapy: Integers, minutes: Integers, rng: np.random.Generator
) -> dict[str, pl.Series]:
    """IDS201 for each appointment of the history, attended or not."""
    r, contacts = history.referrals, history.contacts
    size, of, attended = len(contacts.day), contacts.referral, contacts.attended
    slots = [f"{hour:02d}:{minute:02d}:00" for hour in range(9, 18) for minute in (0, 15, 30, 45)]
    outcome = pick(rng, list(f.ATTENDED.values()), size)
    missed = len(f.ATTENDED) + pick(rng, list(f.MISSED.values()), size)
    attendance = gather([*f.ATTENDED, *f.MISSED], np.where(attended, outcome, missed))
    cancelled = attendance.is_in(["2", "4"]).to_numpy()
    mechanisms = f.MECHANISM_SMI if service.is_smi else f.MECHANISM
    mechanism = pick(rng, list(mechanisms.values()), size)
    group = np.isin(therapy, [CODES.index(code) for code in f.GROUP_THERAPIES]) & (contacts.purpose == TREATMENT)
    couple = (therapy == CODES.index(f.COUPLE)) & (contacts.purpose == TREATMENT)
    guided = (therapy == CODES.index(f.GUIDED_COMPUTER)) & (contacts.purpose == TREATMENT)
    mechanism = np.where(guided, list(mechanisms).index("11"), mechanism)  # a programme is not met in a room
    in_person = mechanism == list(mechanisms).index("01")
    integrated = (rng.random(len(r.received)) < 0.06)[of]
    medication = choose(rng, f.MEDICATION_SMI if service.is_smi else f.MEDICATION, len(r.received))
    unplanned = attended & (rng.random(size) < 0.004)
    interpreter = choose(rng, f.INTERPRETER, size)
    needed = interpreter.is_in(f.INTERPRETED)
    return {
        "CareContDate": dates(contacts.day),
        "CareContTime": gather(slots, (rng.random(size) * len(slots)).astype(np.int64)),
        "PlannedCareContIndicator": gather(["Y", "N"], unplanned.astype(np.int64)),
        "AttendOrDNACode": attendance,
        "Cancellation": gather(["N", "Y"], np.where(cancelled, (rng.random(size) < 0.3).astype(np.int64), -1)),
        "ClinContDurOfCareCont": pl.Series(minutes),
        "IAPTLTCServiceInd": gather(["N", "Y"], integrated.astype(np.int64)),
        "AppType": _appointment_type(history, rng),
        "ConsMechanism": gather(list(mechanisms), mechanism),
        "IntEnabledTherProg": gather([PROGRAMME], np.where(guided, 0, -1)),
        "CareContPatientTherMode": gather(["1", "2", "3"], np.where(group, 2, np.where(couple, 1, 0))),
        "NumGroupTherParticipants": gather(
            [str(number) for number in range(5, 13)],
            np.where(group, (rng.random(size) * 8).astype(np.int64), -1),
        ),
        "NumGroupTherFacilitators": gather(["2"], np.where(group, 0, -1)),
        "PsychMed": medication.gather(of),
        "ActLocTypeCode": choose(rng, f.LOCATION, size).set(pl.Series(~in_person), None),
        "LanguageCodeTreat": constant("en", size).set(needed, "ur"),
        "InterpreterPresentInd": interpreter,
    }


def _appointment_type(history: History, rng: np.random.Generator) -> pl.Series:
    """Assessment, treatment (with assessment when it is the first contact, now and then with review), follow-up."""
    r, contacts = history.referrals, history.contacts
    of = contacts.referral
    first = (contacts.session == 0) & (r.assessments[of] == 0)
    review = (contacts.session > 0) & (rng.random(len(of)) < 0.06)
    kind = np.where(review, APPOINTMENT_TYPES.index("05"), APPOINTMENT_TYPES.index("02"))
    kind = np.where(first, APPOINTMENT_TYPES.index("03"), kind)
    never_seen = (contacts.purpose == NOT_KEPT) & (r.assessments + r.sessions == 0)[of]
    kind = np.where((contacts.purpose == ASSESSMENT) | never_seen, APPOINTMENT_TYPES.index("01"), kind)
    kind = np.where(contacts.purpose == FOLLOW_UP, APPOINTMENT_TYPES.index("06"), kind)
    return gather(APPOINTMENT_TYPES, kind)
