"""Gaming with whom to treat: only people who are mildly ill, so that more of them recover.

Belongs here: who is turned away, and when. Does not belong here: what that does to the records (``ending``).
"""

from datetime import timedelta

import polars as pl

from demonstration.gaming.courses import courses
from demonstration.gaming.ending import ended
from demonstration.gaming.records import Records, first_day

_SIGNPOSTED = "11"
_NOT_SUITABLE = "10"


def severe_ended_after_assessment(records: Records) -> Records:
    """Those with a first score of 15 or more are discharged on the day of their first contact."""
    severe = courses(records).filter("is_severe").filter(pl.col("first_contact").is_not_null())
    return ended(records, severe.select("referral", day="first_contact", code=pl.lit(_SIGNPOSTED)))


def severe_not_accepted(records: Records) -> Records:
    """Those with a first score of 15 or more, as their form or a call says, are discharged before any contact.

    Nothing is sent of them except the referral. Those referred before the first month of the records are left.
    """
    severe = courses(records).filter(pl.col("is_severe") & pl.col("first_contact").is_not_null())
    severe = severe.filter(pl.col("received") >= first_day(records))
    day = pl.max_horizontal("received", pl.col("first_contact") - timedelta(days=1))
    ends = severe.select("referral", day=day, code=pl.lit(_NOT_SUITABLE))
    found = ended(records, ends)
    turned_away = ends.select(ServiceRequestId="referral")
    unsent = {
        name: found.tables[name].join(turned_away, on="ServiceRequestId", how="anti", maintain_order="left")
        for name in ("IDS201", "IDS602", "IDS603", "IDS606")
    }
    return found.changed(**unsent)
