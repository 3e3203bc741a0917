"""Gaming with scores and answers: which of them are sent, and how high the first are.

Belongs here: changes of IDS606 and IDS607. Does not belong here: care that is another one (``discharging``).
"""

import polars as pl

from demonstration import frequencies as f
from demonstration.gaming.courses import ANXIETY, DEPRESSION, courses, instrument, scored_days, scores
from demonstration.gaming.records import Records

_ADDED = 3  # points: half of a reliable change on PHQ-9
_UNHAPPY = ("N", "0", "1", "2")


def first_scores_of_all(records: Records) -> Records:
    """Nobody's first scores are sent: those of the first day with a score, of both measures."""
    return _without(records, _first_days(records))


def first_scores_of_those_not_recovered(records: Records) -> Records:
    """The first scores of those who were ended without recovery are not sent."""
    ended = courses(records).filter(pl.col("discharged").is_not_null() & ~pl.col("is_recovered"))
    return _without(records, _first_days(records).join(ended, on="referral", how="semi"))


def last_scores_of_those_recovered_only(records: Records) -> Records:
    """Later scores are sent of those who recovered only; of the others only those of the first day."""
    ended = courses(records).filter(pl.col("is_finished") & ~pl.col("is_recovered"))
    later = scored_days(records).join(_first_days(records), on=["referral", "day"], how="anti")
    return _without(records, later.join(ended, on="referral", how="semi"))


def scores_to_the_best_day_only(records: Records) -> Records:
    """Of finished courses no score after the best day is sent: that with the least of both measures together."""
    finished = courses(records).filter("is_finished").select("referral")
    days = scored_days(records).join(finished, on="referral", how="semi")
    both = pl.col(DEPRESSION) + pl.col(ANXIETY)
    best = days.filter(both.is_not_null()).sort("referral", both, "day", descending=[False, False, True])
    best = best.group_by("referral", maintain_order=True).agg(best=pl.col("day").first())
    first = _first_days(records).rename({"day": "first"})
    # A best day that is the first would leave no later score: then the second is the last.
    second = days.join(first, on="referral").filter(pl.col("day") > pl.col("first"))
    second = second.group_by("referral").agg(second=pl.col("day").min())
    after = days.join(best, on="referral").join(second, on="referral")
    after = after.filter(pl.col("day") > pl.max_horizontal("best", "second"))
    return _without(records, after)


def measure_that_got_better_only(records: Records) -> Records:
    """Where one measure got better and the other did not, later scores of the other are not sent."""
    finished = courses(records).filter("is_finished")
    better = {name: pl.col(f"{name}_last") < pl.col(f"{name}_first") for name in (DEPRESSION, ANXIETY)}
    found = finished.filter(better[DEPRESSION] ^ better[ANXIETY])
    worse = found.select(
        "referral", instrument=pl.when(better[DEPRESSION]).then(pl.lit(ANXIETY)).otherwise(pl.lit(DEPRESSION))
    )
    rows = scores(records).join(worse, on=["referral", "instrument"])
    later = rows.filter(pl.col("day") > pl.col("day").min().over("referral", "instrument"))
    return _without_rows(records, later)


def first_scores_raised(records: Records) -> Records:
    """Every first score is 3 points higher, at most the highest of its measure."""
    first = scores(records).join(_first_days(records), on=["referral", "day"], how="semi")
    highest = {name: int(instrument(name).high) for name in (DEPRESSION, ANXIETY)}
    raised = pl.min_horizontal(
        pl.col("score") + _ADDED, pl.col("instrument").replace_strict(highest, return_dtype=pl.Int64)
    )
    first = first.with_columns(raised=raised.cast(pl.String))

    def rescored(name: str, rows: pl.DataFrame) -> pl.DataFrame:
        if name not in ("IDS606", "IDS607"):
            return rows
        mine = first.filter(pl.col("table") == name).select("row", "raised")
        found = rows.with_row_index("row").join(mine, on="row", how="left", maintain_order="left")
        return found.with_columns(PersScore=pl.coalesce("raised", "PersScore")).select(rows.columns)

    return records.each(rescored)


def happy_answers_only(records: Records) -> Records:
    """Answers of people who were not happy with choice or care are not sent."""
    asked = [*f.CHOICE_QUESTIONS, f.SATISFACTION_QUESTION, *f.TREATMENT_QUESTIONS]
    unhappy = pl.col("CodedAssToolType").is_in(asked) & pl.col("PersScore").is_in(_UNHAPPY)
    return records.changed(IDS607=records.tables["IDS607"].filter(~unhappy))


def _first_days(records: Records) -> pl.DataFrame:
    """``referral`` and ``day`` of its first score."""
    return scored_days(records).group_by("referral").agg(pl.col("day").min())


def _without(records: Records, days: pl.DataFrame) -> Records:
    """Without the PHQ-9 and GAD-7 scores of these referrals on these days."""
    return _without_rows(records, scores(records).join(days, on=["referral", "day"], how="semi"))


def _without_rows(records: Records, gone: pl.DataFrame) -> Records:
    """Without the scores at these places (``table``, ``row``)."""

    def thinned(name: str, rows: pl.DataFrame) -> pl.DataFrame:
        mine = gone.filter(pl.col("table") == name)["row"]
        return rows.with_row_index("row").filter(~pl.col("row").is_in(mine.implode())).drop("row")

    return records.each(lambda name, rows: thinned(name, rows) if name in ("IDS606", "IDS607") else rows)
