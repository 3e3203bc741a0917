"""Gaming with the end of therapy: earlier than the person needs, or twice.

Belongs here: who is discharged when. Does not belong here: what that does to the records (``ending``).
"""

import polars as pl

from demonstration import frequencies as f
from demonstration.gaming.asking import asked_at
from demonstration.gaming.courses import courses, kept_contacts, scored_days
from demonstration.gaming.ending import divided, ended
from demonstration.gaming.records import Records

_COMPLETED = "46"
_WORTH_DIVIDING = 4  # treatment contacts: both halves are finished courses


def at_first_recovery(records: Records) -> Records:
    """Discharged on the first day, from the second treatment contact on, with both scores below the cut-offs.

    That of people at caseness: the others have nothing to recover from.
    """
    cases = courses(records).filter("is_case")
    well = _treated_days(records).join(cases, on="referral", how="semi").filter("is_well")
    return _end(records, well.group_by("referral").agg(pl.col("day").min()))


def after_two_contacts(records: Records) -> Records:
    """Discharged on the day of the second treatment contact."""
    second = kept_contacts(records).filter(pl.col("session") == 2)
    return _end(records, second.select("referral", "day"))


def before_a_bad_end(records: Records) -> Records:
    """Those who were well once and are not at the end: the discharge is dated on the last day on which they were.

    The contacts after it are not sent.
    """
    not_recovered = courses(records).filter(pl.col("is_finished") & pl.col("is_case") & ~pl.col("is_recovered"))
    well = _treated_days(records).join(not_recovered, on="referral", how="semi").filter("is_well")
    return _end(records, well.group_by("referral").agg(pl.col("day").max()))


def no_step_up(records: Records) -> Records:
    """Those who begin at low intensity and need more are discharged after their last contact at low intensity."""
    given = records.tables["IDS202"].join(
        kept_contacts(records).select("referral", "day", "session", CareContactId="contact"), on="CareContactId"
    )
    code = pl.col("CodeProcAndProcStatus")
    steps = given.filter(pl.col("session").is_not_null()).sort("referral", "session").group_by("referral").agg(
        starts_low=code.first().is_in(f.LOW_INTENSITY_CODES),
        stepped_on=pl.col("day").filter(code.is_in(f.HIGH_INTENSITY_CODES)).min(),
        low=pl.col("day").filter(code.is_in(f.LOW_INTENSITY_CODES)),
    )  # fmt: skip
    stepped = steps.filter(pl.col("starts_low") & pl.col("stepped_on").is_not_null()).explode("low")
    before = stepped.filter(pl.col("low") < pl.col("stepped_on"))
    return _end(records, before.group_by("referral").agg(day=pl.col("low").max()))


def one_course_as_two(records: Records) -> Records:
    """Courses of four treatment contacts or more are ended half-way and begun again on the next day."""
    found = courses(records).filter(pl.col("is_finished") & (pl.col("treatments") >= _WORTH_DIVIDING))
    contacts = kept_contacts(records).join(found.select("referral", "treatments"), on="referral")
    middle = contacts.filter(pl.col("session") == pl.col("treatments") // 2)
    return divided(records, middle.select("referral", "day"), _COMPLETED)


def _treated_days(records: Records) -> pl.DataFrame:
    """Days with scores from the second treatment contact on: ``referral``, ``day``, ``is_well``."""
    sessions = kept_contacts(records).filter(pl.col("session") >= 2).select("referral", "day")
    return scored_days(records).join(sessions, on=["referral", "day"], how="semi")


def _end(records: Records, days: pl.DataFrame) -> Records:
    """Ended as completed on these days, where there is a treatment contact after it."""
    later = kept_contacts(records).filter("is_treatment").group_by("referral").agg(last=pl.col("day").max())
    earlier = days.join(later, on="referral").filter(pl.col("day") < pl.col("last")).select("referral", "day")
    ends = earlier.with_columns(code=pl.lit(_COMPLETED))
    return ended(asked_at(records, earlier), ends)
