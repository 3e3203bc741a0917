"""How submissions are partitioned: one partition per provider and month that is expected or has come.

Belongs here: the partition definition, its keys, and which partitions there are to be. Does not belong here: what a
run does with them (``pipelines.assets``), who is expected (``pipelines.expecting``).

A key is the name of a submission, ``RW5_2025-04``. There is one dimension, not provider × month: that would be a
rectangle with every month since the first for every provider that ever came (docs/decisions/0058).
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date

import dagster as dg

from pipelines.expecting import ended, expected, listed
from pipelines.ledger import today_in_england
from pipelines.zones import Zones
from schemas.errors import CatalogueError
from schemas.month import ProviderMonth

SUBMISSION = dg.DynamicPartitionsDefinition(name="submission")
UNNAMED = "unnamed"
"""The partition of what has neither a name nor a header that can be read."""
# Before a run Dagster writes the list of all its partitions once for each of them and each check. With 100 that is
# 5 KB a submission for a while; with 5,000 it would be 1 GB.
MOST = 100
"""The most partitions that one run takes."""


def partition_key(of: ProviderMonth | None) -> str:
    """The key of one provider's month."""
    return str(of) if of else UNNAMED


def provider_month(key: str) -> ProviderMonth | None:
    """Provider and month of a key; ``None`` for ``UNNAMED``."""
    return ProviderMonth.parse(key)


def registered(instance: dg.DagsterInstance) -> list[str]:
    """The keys of all partitions there are, in the order in which they were added."""
    return list(instance.get_dynamic_partitions(str(SUBMISSION.name)))


def register(wanted: Iterable[ProviderMonth | None], instance: dg.DagsterInstance) -> list[str]:
    """Add what is missing of these partitions, month by month. Gives all there are, in their order.

    In that order the submissions of one month are neighbours, so that one run can take them all.
    """
    keys = {partition_key(of): of for of in wanted}
    there = registered(instance)
    if missing := keys.keys() - set(there):
        new = sorted(missing, key=lambda key: _by_month(keys[key]))
        instance.add_dynamic_partitions(str(SUBMISSION.name), new)
        there = registered(instance)  # another process may have added some of them, in another order
    return there


def _by_month(of: ProviderMonth | None) -> tuple[date, str]:
    return (of.month, of.provider) if of else (date.max, "")


def expected_so_far(sent: Collection[ProviderMonth], zones: Zones) -> set[ProviderMonth]:
    """The provider-months that are expected, up to the month before the last that any provider has submitted.

    So a provider that has not sent a month is seen as missing when the next month begins to come. Before that the
    partitions of a month are added as its submissions arrive, so that those of one look are neighbours: one run
    takes them all. Had all been added with the first, a handful would be a run each, at 34 KB instead of 26.
    A list of the centre that cannot be read stops no load: ``parity board`` says what is wrong with it.
    """
    last = max((of.month for of in sent), default=date.min)
    with suppress(CatalogueError):
        wanted = expected(sent, today_in_england(), listed(zones), ended(zones))
        return {of for of in wanted if of.month < last}
    return set()
