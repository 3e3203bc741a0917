"""What changed in a submission that is loaded: its rows beside those of the provider that count already.

Belongs here: which submissions a load is compared with, and where their rows lie. Does not belong here: comparing
(``transforms.changes``), whether the numbers are a reason to hold it (``pipelines.holding``).

The rows compared are the pseudonymised ones, so only records that count. A service's own files may lie encrypted,
and no list of the keys of rejected records is kept. Their findings are compared where both extracts are: at the
service (``parity check … --against``).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from pipelines import holding, store
from pipelines.ledger import Outcome, Receipt
from pipelines.verdict import Verdict
from pipelines.zones import Zones
from schemas.dataset import TABLES
from schemas.month import month_text
from schemas.staged import DERIVED, LINKS, PROVENANCE, staged_schema
from transforms.changes import Changes, Rows, TableRows, compared

REPLACED = "the submission that it replaces"
# An age is one year more a year later, and nobody has changed the record.
_FOLLOWING = LINKS | {name for derived in DERIVED.values() for name in derived if name.startswith("age_")}

# Per table id what a verdict counts.
_Counts = Mapping[str, Mapping[str, int]]


def changes(
    rows: Path, verdict: Verdict, receipt: Receipt, zones: Zones, events: Sequence[Outcome]
) -> tuple[Changes, ...]:
    """What changed since the submission that this one replaces, and since the last accepted month before it.

    ``rows`` is the folder of the pseudonymised rows, ``events`` what the ledger has of the provider. Rows under
    another key cannot be compared: then that submission is left out. After an erasure nothing is said, since a
    difference of a few rows would show that person.
    """
    if verdict.erased.get("rows"):
        return ()
    now = _rows(rows, verdict.counts)
    return tuple(
        compared(name, _rows(folder, counts), now)
        for name, folder, counts in _earlier(verdict, receipt, zones, events)
    )


def _earlier(
    verdict: Verdict, receipt: Receipt, zones: Zones, events: Sequence[Outcome]
) -> Iterator[tuple[str, Path, _Counts]]:
    of = verdict.header.provider_month
    assert of is not None, "an accepted submission has a provider and month"
    counting = holding.counting_before(of, receipt, events)
    before = max((month for month in counting if month < of.month), default=None)
    for name, month in ((REPLACED, of.month), ("the last accepted month", before)):
        if month is None or month not in counting:
            continue
        outcome = counting[month]
        folder = store.rows_of(outcome.receipt.submission_id, outcome.detail, zones)
        is_struck = outcome.detail.get("erased", {}).get("rows")
        if not is_struck and outcome.detail.get("key") == verdict.key and folder.is_dir():
            said = name if name == REPLACED else f"{name}, {month_text(month)}"
            yield said, folder, outcome.detail.get("counts", {})


def _rows(folder: Path, counts: _Counts) -> Rows:
    """The rows of a submission by table, with what of them is the record's own."""
    return {
        table.id: TableRows(
            pl.scan_parquet(path), tuple(_compared(table.id)), counts.get(table.id, {}).get("accepted", 0)
        )
        for table in TABLES.values()
        if (path := folder / f"{table.id}.parquet").is_file()
    }


def _compared(table_id: str) -> list[str]:
    return [name for name in staged_schema(TABLES[table_id]) if name not in PROVENANCE and name not in _FOLLOWING]
