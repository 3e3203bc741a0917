"""How submissions are partitioned: provider × month.

Belongs here: the partition definitions and the keys. Does not belong here: which providers exist: they are
added when their first submission arrives.
"""

from datetime import date

import dagster as dg

from schemas.month import ProviderMonth

PROVIDERS = dg.DynamicPartitionsDefinition(name="provider")
# The first national return was for April 2012; months are fixed, providers arrive.
MONTHS = dg.MonthlyPartitionsDefinition(start_date="2012-04-01", end_offset=1)
SUBMISSION = dg.MultiPartitionsDefinition({"month": MONTHS, "provider": PROVIDERS})


def partition_key(of: ProviderMonth) -> dg.MultiPartitionKey:
    """The key of one provider's month."""
    return dg.MultiPartitionKey({"month": of.month.isoformat(), "provider": of.provider})


def provider_month(key: str) -> ProviderMonth:
    """Provider and month of a key of SUBMISSION."""
    parts = SUBMISSION.get_partition_key_from_str(key).keys_by_dimension
    return ProviderMonth(parts["provider"], date.fromisoformat(parts["month"]))
