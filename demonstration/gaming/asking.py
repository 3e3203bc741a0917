"""The questions of the end of therapy, asked at an earlier end.

Belongs here: answers that move to the day on which a referral now ends. Does not belong here: ending it
(``ending``).

A service that discharges early asks at its new end what it would have asked at the old one. Without this, early
discharge would cost it answers that no service would lose. Satisfaction and work are answered as they were. The
change on the Work and Social Adjustment Scale is in proportion to the sessions held: what would have been
answered is unknown.
"""

import polars as pl

from demonstration import frequencies as f
from demonstration.gaming.courses import instrument, kept_contacts
from demonstration.gaming.records import MONTH, Records

_TOTAL = "WSAS"


def asked_at(records: Records, days: pl.DataFrame) -> Records:
    """The records with the questions of the end asked on ``day``, that of a treatment contact of ``referral``."""
    sessions = kept_contacts(records).filter("is_treatment")
    share = (pl.col("session") - 1) / pl.max_horizontal(pl.col("session").max().over("referral") - 1, 1)
    at = sessions.with_columns(share=share).join(days, on=["referral", "day"]).unique(
        "referral", keep="first", maintain_order=True
    )  # fmt: skip
    acts = records.tables["IDS202"].select("CareActId", "CareContactId")
    act = acts.unique("CareContactId", keep="first", maintain_order=True)
    at = at.join(act, left_on="contact", right_on="CareContactId").select(
        "referral", "day", "share", act_="CareActId", month_=pl.col("day").dt.truncate("1mo")
    )
    return records.changed(
        IDS607=_of_contacts(records, at), IDS606=_of_referrals(records, at), IDS004=_of_work(records, at)
    )


def _of_contacts(records: Records, at: pl.DataFrame) -> pl.DataFrame:
    """IDS607 with the answers about treatment and the last WSAS brought forward."""
    rows = records.tables["IDS607"]
    items = [str(instrument(name).snomed) for name in f.WSAS_ITEMS]
    total = str(instrument(_TOTAL).snomed)
    contacts = records.tables["IDS201"].select("CareContactId", referral="ServiceRequestId", on="CareContDate")
    of = records.tables["IDS202"].select("CareActId", "CareContactId").join(contacts, on="CareContactId")
    found = (
        rows.with_row_index("row")
        .filter(pl.col("CodedAssToolType").is_in([*f.TREATMENT_QUESTIONS, *items, total]))
        .join(of.select("CareActId", "referral", "on"), on="CareActId")
        .join(at, on="referral")
        .sort("row")
    )
    is_late = pl.col("on") > pl.col("day")
    start = (
        pl.col("PersScore")
        .filter(~is_late)
        .first()
        .over("referral", "CodedAssToolType")
        .cast(pl.Int64, strict=False)
    )
    end = pl.col("PersScore").cast(pl.Int64, strict=False)
    so_far = (start + (end - start) * pl.col("share")).round().cast(pl.Int64)
    is_item = pl.col("CodedAssToolType").is_in(items)
    late = found.with_columns(so_far=so_far).filter(is_late)
    late = late.with_columns(total=pl.col("so_far").filter(is_item).sum().over("referral"))
    score = (
        pl.when(is_item & pl.col("so_far").is_not_null()).then(pl.col("so_far").cast(pl.String))
        .when((pl.col("CodedAssToolType") == total) & pl.col("so_far").is_not_null())
        .then(pl.col("total").cast(pl.String))
        .otherwise("PersScore")
    )  # fmt: skip
    moved = late.select("row", "act_", "month_", score_=score)
    back = rows.with_row_index("row").join(moved, on="row", how="left", maintain_order="left")
    return back.with_columns(
        CareActId=pl.coalesce("act_", "CareActId"), PersScore=pl.coalesce("score_", "PersScore"),
        month=pl.coalesce("month_", MONTH),
    ).select(rows.columns).sort(MONTH, maintain_order=True)  # fmt: skip


def _of_referrals(records: Records, at: pl.DataFrame) -> pl.DataFrame:
    """IDS606 with the questions about work brought forward."""
    rows = records.tables["IDS606"]
    at = at.select("day", "month_", ServiceRequestId="referral")
    found = rows.join(at, on="ServiceRequestId", how="left", maintain_order="left")
    moves = pl.col("CodedAssToolType").is_in(list(f.PRESENTEEISM)) & (pl.col("AssToolCompDate") > pl.col("day"))
    moves = moves.fill_null(value=False)
    return found.with_columns(
        AssToolCompDate=pl.when(moves).then("day").otherwise("AssToolCompDate"),
        month=pl.when(moves).then("month_").otherwise(MONTH),
    ).select(rows.columns).sort(MONTH, maintain_order=True)  # fmt: skip


def _of_work(records: Records, at: pl.DataFrame) -> pl.DataFrame:
    """IDS004 with the work at the end recorded on the new last day, in its month."""
    rows = records.tables["IDS004"]
    people = records.tables["IDS101"].select("LocalPatientId", referral="ServiceRequestId").unique()
    ends = at.join(people, on="referral").sort("day").group_by("LocalPatientId", maintain_order=True).agg(
        pl.col("day").last(), pl.col("month_").last()
    )  # fmt: skip
    found = rows.join(ends, on="LocalPatientId", how="left", maintain_order="left")
    moves = (pl.col("EmployStatusRecDate") > pl.col("day")).fill_null(value=False)
    first = found.filter(moves).unique("LocalPatientId", keep="first", maintain_order=True)
    again = first.filter(pl.col(MONTH) > pl.col("month_")).with_columns(
        EmployStatusRecDate=pl.col("day"), month=pl.col("month_")
    )
    stays = found.with_columns(EmployStatusRecDate=pl.when(moves).then("day").otherwise("EmployStatusRecDate"))
    return pl.concat([stays.select(rows.columns), again.select(rows.columns)]).sort(MONTH, maintain_order=True)
