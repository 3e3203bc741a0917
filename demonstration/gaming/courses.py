"""What a service knows of each of its referrals: contacts kept, scores by day, and how the course came out.

Belongs here: reading the records of a service as its own clinicians would. Does not belong here: figures
(``warehouse``), which read the same records by their own rules; a test holds both to agree.
"""

from functools import cache

import polars as pl

from demonstration.gaming.records import Records
from schemas.instruments import Instrument, instruments

DEPRESSION, ANXIETY = "PHQ9", "GAD7"
TREATMENT = ("02", "03", "05")
_FOLLOW_UP = "06"
KEPT = ("5", "6")


@cache
def instrument(name: str) -> Instrument:
    """The current row of an instrument of the catalogue."""
    return next(each for each in instruments() if each.instrument == name and each.valid_to is None)


def kept_contacts(records: Records) -> pl.DataFrame:
    """One row per contact kept: ``referral``, ``contact``, ``day``, ``kind`` (appointment type), ``minutes``,
    ``is_treatment``, and ``session``: the number of the treatment contact within its referral, from 1. In order
    of time.
    """
    kept = pl.col("AttendOrDNACode").is_in(KEPT) | (pl.col("PlannedCareContIndicator") == "N")
    found = records.tables["IDS201"].filter(kept).select(
        referral="ServiceRequestId", contact="CareContactId", day="CareContDate", kind="AppType",
        minutes="ClinContDurOfCareCont",
    )  # fmt: skip
    found = found.with_columns(is_treatment=pl.col("kind").is_in(TREATMENT)).sort("referral", "day", "contact")
    number = pl.col("is_treatment").cum_sum().over("referral")
    return found.with_columns(session=pl.when("is_treatment").then(number))


def scores(records: Records) -> pl.DataFrame:
    """One row per PHQ-9 and GAD-7 score before the follow-up: ``referral``, ``day``, ``instrument``, ``score``.

    ``table`` and ``row`` say where it stands: its place in IDS606 or IDS607.
    """
    names = {instrument(name).snomed: name for name in (DEPRESSION, ANXIETY)}
    contacts = records.tables["IDS201"].select("CareContactId", "ServiceRequestId", "CareContDate", "AppType")
    of_activity = records.tables["IDS202"].select("CareActId", "CareContactId").join(contacts, on="CareContactId")
    in_contact = (
        records.tables["IDS607"]
        .with_row_index("row")
        .join(of_activity, on="CareActId")
        .filter(pl.col("AppType") != _FOLLOW_UP)
        .select("row", "CodedAssToolType", "PersScore", referral="ServiceRequestId", day="CareContDate",
                table=pl.lit("IDS607"))
    )  # fmt: skip
    alone = (
        records.tables["IDS606"]
        .with_row_index("row")
        .select("row", "CodedAssToolType", "PersScore", referral="ServiceRequestId", day="AssToolCompDate",
                table=pl.lit("IDS606"))
    )  # fmt: skip
    return (
        pl.concat([in_contact, alone])
        .filter(pl.col("CodedAssToolType").is_in(list(names)))
        .select("referral", "day", "table", "row", score=pl.col("PersScore").cast(pl.Int64),
                instrument=pl.col("CodedAssToolType").replace_strict(names, return_dtype=pl.String))
        .sort("referral", "day", "instrument", "table")
    )  # fmt: skip


def scored_days(records: Records) -> pl.DataFrame:
    """One row per referral and day with a score: ``referral``, ``day``, ``PHQ9``, ``GAD7``; and ``is_well``: both
    scores are there and below their cut-offs.
    """
    found = scores(records).pivot(
        on="instrument", on_columns=[DEPRESSION, ANXIETY], index=["referral", "day"], values="score",
        aggregate_function="last",
    )  # fmt: skip
    well = [pl.col(name) < instrument(name).recovery_cut_off for name in (DEPRESSION, ANXIETY)]
    return found.with_columns(is_well=pl.all_horizontal(well).fill_null(value=False)).sort("referral", "day")


def courses(records: Records) -> pl.DataFrame:
    """One row per referral: how it came out.

    ``referral``, ``patient``, ``received``, ``discharged``, ``first_contact``, ``first_treatment``,
    ``treatments``, first and last scores (``PHQ9_first`` …), ``is_severe`` (a first score of 15 or more: moderately
    severe or severe on PHQ-9, severe on GAD-7), ``is_case``, ``is_finished`` and ``is_recovered``.
    """
    referrals = records.tables["IDS101"].group_by("ServiceRequestId").agg(
        pl.col("LocalPatientId").first(), pl.col("ReferralRequestReceivedDate").min(), pl.col("ServDischDate").max()
    )  # fmt: skip
    contacts = kept_contacts(records).group_by("referral").agg(
        first_contact=pl.col("day").min(),
        first_treatment=pl.col("day").filter("is_treatment").min(),
        treatments=pl.col("is_treatment").sum().cast(pl.Int64),
    )  # fmt: skip
    ends = [
        each
        for name in (DEPRESSION, ANXIETY)
        for each in (
            pl.col(name).drop_nulls().first().alias(f"{name}_first"),
            pl.when(pl.col(name).count() > 1).then(pl.col(name).drop_nulls().last()).alias(f"{name}_last"),
        )
    ]
    scored = scored_days(records).group_by("referral", maintain_order=True).agg(ends)
    pairs = [(pl.col(f"{name}_first"), pl.col(f"{name}_last"), instrument(name)) for name in (DEPRESSION, ANXIETY)]
    is_well = pl.all_horizontal(last < tool.recovery_cut_off for _, last, tool in pairs).fill_null(value=False)
    return (
        referrals.select(referral="ServiceRequestId", patient="LocalPatientId",
                         received="ReferralRequestReceivedDate", discharged="ServDischDate")
        .join(contacts, on="referral", how="left")
        .join(scored, on="referral", how="left")
        .with_columns(
            pl.col("treatments").fill_null(0),
            is_severe=pl.any_horizontal(first >= 15 for first, _, _ in pairs).fill_null(value=False),
            is_case=pl.any_horizontal(first >= tool.caseness for first, _, tool in pairs).fill_null(value=False),
        )
        .with_columns(is_finished=pl.col("discharged").is_not_null() & (pl.col("treatments") > 1))
        .with_columns(is_recovered=pl.col("is_finished") & pl.col("is_case") & is_well)
        .sort("referral")
    )  # fmt: skip
