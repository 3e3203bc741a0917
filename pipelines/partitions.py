"""How submissions are partitioned: provider × month.

Belongs here: the partition definitions and the keys. Does not belong here: which providers exist: they are
added when their first submission arrives.
"""

from datetime import date

import dagster as dg

PROVIDERS = dg.DynamicPartitionsDefinition(name="provider")
# The first national return was for April 2012; months are fixed, providers arrive.
MONTHS = dg.MonthlyPartitionsDefinition(start_date="2012-04-01", end_offset=1)
SUBMISSION = dg.MultiPartitionsDefinition({"month": MONTHS, "provider": PROVIDERS})


def partition_key(provider: str, month: date) -> dg.MultiPartitionKey:
    """The key of one provider's month."""
    return dg.MultiPartitionKey({"month": month.replace(day=1).isoformat(), "provider": provider})


def provider_and_month(key: str) -> tuple[str, date]:
    """Provider and month of a key of SUBMISSION."""
    parts = SUBMISSION.get_partition_key_from_str(key).keys_by_dimension
    return parts["provider"], date.fromisoformat(parts["month"])
