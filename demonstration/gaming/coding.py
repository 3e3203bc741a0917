"""Gaming with codes: what a problem, a referral or an appointment is called.

Belongs here: changes of one element of a record. Does not belong here: scores (``scores``), dates (``waiting``).
"""

import polars as pl

from demonstration import frequencies as f
from demonstration.gaming.courses import courses, kept_contacts
from demonstration.gaming.records import MONTH, Records

_MIXED, _SPECIFIC, _SELF_REFERRAL, _ASSESSMENT = "F412", "F411", "B1", "01"
_DEPRESSION = ("F32", "F33")
_MISSED = ("3", "7")
_MINUTES = 10


def everything_mixed(records: Records) -> Records:
    """Every problem is recorded as mixed anxiety and depression (F41.2), once for a referral and month."""
    rows = records.tables["IDS603"].filter(pl.col("PresCompCodSig") == "1")
    return records.changed(IDS603=rows.with_columns(FindSchemeInUse=pl.lit("01"), PresComp=pl.lit(_MIXED)))


def depression_as_anxiety(records: Records) -> Records:
    """Every depression is recorded as generalised anxiety disorder (F41.1), once for a referral and month."""
    rows = records.tables["IDS603"]
    is_depression = pl.col("PresComp").str.slice(0, 3).is_in(_DEPRESSION)
    rows = rows.with_columns(PresComp=pl.when(is_depression).then(pl.lit(_SPECIFIC)).otherwise("PresComp"))
    key = ["ServiceRequestId", "PresComp", MONTH]
    return records.changed(
        IDS603=rows.sort(MONTH, "PresCompCodSig", maintain_order=True).unique(
            key, keep="first", maintain_order=True
        )
    )


def one_contact_of_high_intensity(records: Records) -> Records:
    """In courses of low intensity alone the last treatment contact is recorded as therapy of high intensity."""
    acts = records.tables["IDS202"]
    finished = courses(records).filter("is_finished").select("referral")
    sessions = kept_contacts(records).filter("is_treatment").join(finished, on="referral", how="semi")
    given = acts.join(sessions.select("referral", "session", CareContactId="contact"), on="CareContactId")
    code = pl.col("CodeProcAndProcStatus")
    low = given.group_by("referral").agg(
        code.is_in(f.LOW_INTENSITY_CODES).all(), pl.col("CareActId").sort_by("session").last()
    )
    last = low.filter("CodeProcAndProcStatus")["CareActId"]
    is_mine = pl.col("CareActId").is_in(last.implode())
    return records.changed(
        IDS202=acts.with_columns(
            CodeProcAndProcStatus=pl.when(is_mine).then(pl.lit(f.HIGH_INTENSITY_CODES[0])).otherwise(code)
        )
    )


def everybody_refers_themselves(records: Records) -> Records:
    """Every referral is recorded as a self-referral."""
    rows = records.tables["IDS101"].with_columns(SourceOfReferralIAPT=pl.lit(_SELF_REFERRAL))
    return records.changed(IDS101=rows)


def missed_as_assessed(records: Records) -> Records:
    """Of people never seen, the first missed appointment is recorded as a telephone assessment of 10 minutes."""
    never_seen = courses(records).filter(pl.col("first_contact").is_null()).select(ServiceRequestId="referral")
    contacts = records.tables["IDS201"]
    missed = contacts.filter(pl.col("AttendOrDNACode").is_in(_MISSED)).join(
        never_seen, on="ServiceRequestId", how="semi"
    )
    first = missed.sort("CareContDate", "CareContactId").group_by("ServiceRequestId", maintain_order=True).first()
    is_mine = pl.col("CareContactId").is_in(first["CareContactId"].implode())
    said = {
        "AttendOrDNACode": pl.lit("5"),
        "AppType": pl.lit(_ASSESSMENT),
        "ConsMechanism": pl.lit("02"),
        "ClinContDurOfCareCont": pl.lit(_MINUTES, dtype=contacts["ClinContDurOfCareCont"].dtype),
        "ActLocTypeCode": pl.lit(None, dtype=pl.String),
    }
    changed = [pl.when(is_mine).then(value).otherwise(pl.col(name)).alias(name) for name, value in said.items()]
    return records.changed(IDS201=contacts.with_columns(changed))
