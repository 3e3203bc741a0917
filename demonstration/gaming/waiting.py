"""Gaming with the wait: the clock is stopped early, or started late.

Belongs here: changes of the days that a wait is counted from and to. Does not belong here: codes (``coding``).
"""

from datetime import timedelta

import polars as pl

from demonstration.gaming.courses import KEPT, TREATMENT, courses
from demonstration.gaming.records import MONTH, Records, first_day, without_orphans

_SIX_WEEKS = 42
_CALLED_AFTER, _MINUTES = 14, 10  # days; minutes
_CALLED = "X"
# Days on which something was recorded of a person.
_RECORDED = {
    "IDS003": "AccommodationTypeDate",
    "IDS004": "EmployStatusRecDate",
    "IDS011": "SocPerCircumstanceRecDate",
}


def early_call(records: Records) -> Records:
    """Who would wait more than six weeks gets a call of 10 minutes after two, recorded as assessment and treatment.

    Therapy starts when it did.
    """
    late = _late(records).select(
        ServiceRequestId="referral", first_="first_treatment",
        day_=_weekday(pl.col("received") + timedelta(days=_CALLED_AFTER)),
    )  # fmt: skip
    contacts, acts = records.tables["IDS201"], records.tables["IDS202"]
    first = contacts.join(late, on="ServiceRequestId").filter(
        (pl.col("CareContDate") == pl.col("first_")) & pl.col("AttendOrDNACode").is_in(KEPT)
        & pl.col("AppType").is_in(TREATMENT)
    ).unique("ServiceRequestId", keep="first", maintain_order=True)  # fmt: skip
    blank = ("ActLocTypeCode", "IntEnabledTherProg", "NumGroupTherParticipants", "NumGroupTherFacilitators")
    calls = first.with_columns(
        *(pl.lit(None, dtype=contacts.schema[name]).alias(name) for name in blank),
        CareContactId=_CALLED + pl.col("CareContactId"), CareContDate=pl.col("day_"), AppType=pl.lit("03"),
        ConsMechanism=pl.lit("02"), CareContPatientTherMode=pl.lit("1"), month=pl.col("day_").dt.truncate("1mo"),
        ClinContDurOfCareCont=pl.lit(_MINUTES, dtype=contacts.schema["ClinContDurOfCareCont"]),
    ).select(contacts.columns)  # fmt: skip
    of_calls = acts.join(
        first.select("CareContactId", month_=pl.col("day_").dt.truncate("1mo")), on="CareContactId"
    )
    of_calls = of_calls.with_columns(
        CareActId=_CALLED + pl.col("CareActId"), CareContactId=_CALLED + pl.col("CareContactId"),
        ClinContactDurOfCareAct=pl.lit(_MINUTES, dtype=acts.schema["ClinContactDurOfCareAct"]),
        month=pl.col("month_"),
    ).select(acts.columns)  # fmt: skip
    return records.changed(
        IDS201=pl.concat([contacts, calls]).sort(MONTH, maintain_order=True),
        IDS202=pl.concat([acts, of_calls]).sort(MONTH, maintain_order=True),
    )


def late_date_of_referral(records: Records) -> Records:
    """Who waited more than six weeks: the referral is dated two weeks before the first contact.

    Nothing is sent of the months before, and what was recorded of the person at the referral has its new day.
    """
    late = _late(records).select(
        ServiceRequestId="referral", old_="received",
        day_=pl.max_horizontal("received", pl.col("first_contact") - timedelta(days=_CALLED_AFTER)),
    )  # fmt: skip
    is_other, month = pl.col("day_").is_null(), pl.col("day_").dt.truncate("1mo")

    def later(name: str, rows: pl.DataFrame) -> pl.DataFrame:
        own = {"IDS101": None, "IDS108": "PauseStartDate", "IDS201": "CareContDate"}
        if name not in own:
            return rows
        found = rows.join(late, on="ServiceRequestId", how="left", maintain_order="left")
        found = found.filter(is_other | (pl.col(MONTH) >= month))
        if (column := own[name]) is not None:
            found = found.filter(is_other | (pl.col(column) >= pl.col("day_")))
        else:
            said = pl.when(is_other).then("ReferralRequestReceivedDate").otherwise("day_")
            found = found.with_columns(ReferralRequestReceivedDate=said)
        return found.select(rows.columns)

    patients = records.tables["IDS101"].select("ServiceRequestId", "LocalPatientId").unique()
    new = late.join(patients, on="ServiceRequestId").group_by("LocalPatientId").agg(pl.col("old_", "day_").min())

    def recorded(name: str, rows: pl.DataFrame) -> pl.DataFrame:
        if name not in _RECORDED:
            return rows
        day = pl.col(_RECORDED[name])
        is_before = ((day >= pl.col("old_")) & (day < pl.col("day_"))).fill_null(value=False)
        found = rows.join(new, on="LocalPatientId", how="left", maintain_order="left")
        return found.with_columns(pl.when(is_before).then("day_").otherwise(day).alias(_RECORDED[name])).select(
            rows.columns
        )

    return without_orphans(records.each(later).each(recorded))


def _late(records: Records) -> pl.DataFrame:
    """The courses whose first treatment came more than six weeks after the referral, if the records show both."""
    waited = (pl.col("first_treatment") - pl.col("received")).dt.total_days()
    return courses(records).filter((waited > _SIX_WEEKS) & (pl.col("received") >= first_day(records)))


def _weekday(day: pl.Expr) -> pl.Expr:
    """The same day, or the Monday after a weekend."""
    return day.dt.offset_by(pl.lit("0d")) + pl.duration(days=pl.max_horizontal(0, 8 - day.dt.weekday()) * (
        day.dt.weekday() > 5
    ).cast(pl.Int64))  # fmt: skip
