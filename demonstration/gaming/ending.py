"""Ending a referral earlier than it ended, and dividing one into two.

Belongs here: what happens to every record of a referral that is ended or divided on a day. Does not belong here:
who is ended, when and why (``discharging``, ``accepting``).
"""

from collections.abc import Mapping

import polars as pl

from demonstration.gaming.courses import KEPT
from demonstration.gaming.records import MONTH, Records, without_orphans

# Tables with a date of their own, and tables that repeat a record while the referral is open.
_DATED: Mapping[str, str] = {
    "IDS105": "OnwardReferDate",
    "IDS201": "CareContDate",
    "IDS205": "StartDateIntEnabledTherLog",
    "IDS606": "AssToolCompDate",
}
_REPEATED: Mapping[str, str | None] = {
    "IDS101": None,
    "IDS108": "PauseStartDate",
    "IDS602": None,
    "IDS603": "PresCompDate",
}
_SECOND = "2"
_SELF_REFERRAL = "B1"
_ASSESSMENT_AND_TREATMENT = "03"


def ended(records: Records, ends: pl.DataFrame) -> Records:
    """The records with these referrals discharged on ``day`` with the end code ``code``.

    ``ends`` has ``referral``, ``day`` and ``code``. Of such a referral there is nothing after that day. A record of
    the month in which it ends says so, as every month does.
    """
    ends = ends.select(ServiceRequestId="referral", day_="day", code_="code")
    is_other, last = pl.col("day_").is_null(), pl.col("day_").dt.truncate("1mo")

    def shortened(name: str, rows: pl.DataFrame) -> pl.DataFrame:
        if name not in _DATED and name not in _REPEATED:
            return rows
        found = rows.join(ends, on="ServiceRequestId", how="left", maintain_order="left")
        own = _DATED.get(name) or _REPEATED.get(name)
        if name in _REPEATED:
            found = found.filter(is_other | (pl.col(MONTH) <= last))
        if own:
            found = found.filter(is_other | pl.col(own).is_null() | (pl.col(own) <= pl.col("day_")))
        if name == "IDS101":
            found = found.with_columns(
                ServDischDate=pl.when(pl.col(MONTH) == last).then("day_").otherwise("ServDischDate"),
                EndCode=pl.when(pl.col(MONTH) == last).then("code_").otherwise("EndCode"),
            )
        return found.select(rows.columns)

    return without_orphans(records.each(shortened))


def divided(records: Records, cuts: pl.DataFrame, code: str) -> Records:
    """The records with these referrals ended on ``day`` with the end code ``code``, and begun again on the next day
    as a new referral, by the person, under another id.

    ``cuts`` has ``referral`` and ``day``: the day of a contact, after which there are others. Every record of a
    later day belongs to the second referral. Its first treatment contact is called assessment and treatment.
    """
    cuts = cuts.select(ServiceRequestId="referral", day_="day", again_=pl.col("day").dt.offset_by("1d"))
    second = pl.col("ServiceRequestId") + _SECOND
    is_late = {name: (pl.col(own) > pl.col("day_")).fill_null(value=False) for name, own in _DATED.items()}
    first_of_second = _first_treatment_after(records, cuts)

    def parted(name: str, rows: pl.DataFrame) -> pl.DataFrame:
        if name not in _DATED and name not in _REPEATED:
            return rows
        found = rows.join(cuts, on="ServiceRequestId", how="left", maintain_order="left")
        if name in _DATED:
            moved = pl.when(is_late[name]).then(second).otherwise("ServiceRequestId")
            found = found.with_columns(ServiceRequestId=moved)
            if name == "IDS201":
                is_first = pl.col("CareContactId").is_in(first_of_second.implode())
                kind = pl.when(is_first).then(pl.lit(_ASSESSMENT_AND_TREATMENT)).otherwise("AppType")
                found = found.with_columns(AppType=kind)
            return found.select(rows.columns)
        return pl.concat([_first(name, found, code), *_second(name, found)]).select(rows.columns).sort(
            MONTH, maintain_order=True
        )  # fmt: skip

    return without_orphans(records.each(parted))


def _first_treatment_after(records: Records, cuts: pl.DataFrame) -> pl.Series:
    """The ids of the first contact for treatment of each referral after its cut."""
    later = records.tables["IDS201"].join(cuts, on="ServiceRequestId").filter(
        (pl.col("CareContDate") > pl.col("day_"))
        & pl.col("AppType").is_in(["02", "05"])
        & pl.col("AttendOrDNACode").is_in(KEPT)
    )  # fmt: skip
    return later.sort("CareContDate").group_by("ServiceRequestId").agg(pl.col("CareContactId").first())[
        "CareContactId"
    ]  # fmt: skip


def _first(name: str, found: pl.DataFrame, code: str) -> pl.DataFrame:
    """The repeated records of the first referral, to the month in which it now ends, and of all others."""
    last, is_other = pl.col("day_").dt.truncate("1mo"), pl.col("day_").is_null()
    found = found.filter(is_other | (pl.col(MONTH) <= last))
    if name == "IDS108":
        return found.filter(is_other | (pl.col("PauseStartDate") <= pl.col("day_")))
    if name != "IDS101":
        return found
    ends = ~is_other & (pl.col(MONTH) == last)
    return found.with_columns(
        ServDischDate=pl.when(~ends).then("ServDischDate").otherwise("day_"),
        EndCode=pl.when(~ends).then("EndCode").otherwise(pl.lit(code)),
    )


def _second(name: str, found: pl.DataFrame) -> list[pl.DataFrame]:
    """The repeated records of the second referral, from the month in which it begins."""
    if name == "IDS108":
        return []
    found = found.filter(pl.col(MONTH) >= pl.col("again_").dt.truncate("1mo")).with_columns(
        ServiceRequestId=pl.col("ServiceRequestId") + _SECOND
    )
    if name == "IDS101":
        found = found.with_columns(
            ReferralRequestReceivedDate=pl.col("again_"), SourceOfReferralIAPT=pl.lit(_SELF_REFERRAL)
        )
    if name == "IDS603":
        found = found.with_columns(PresCompDate=pl.max_horizontal("PresCompDate", "again_"))
    return [found]
