"""The rows of extracts without identifiers, and the figures that they make: the heavy steps of a preview.

Belongs here: what the other process does with files, from an extract to figures. Does not belong here: which
extracts belong together (``pipelines.preview``), which records a correction brings back (``corrected``), what
findings cost (``costs``).

The steps are those of a load: the same check writes the rows, the same models count them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipelines import store
from pipelines.load import check_path_into
from pipelines.preview import corrected
from pipelines.verdict import state_of
from pipelines.worker import deleted_if_orphaned
from reports.site.report import as_json
from schemas.month import ProviderMonth
from transforms.leaving import Staging
from transforms.likely import month_first, read_likely
from transforms.pseudonymise import TokenKey
from transforms.receive.table import Received
from transforms.submission import SubmissionChecked, period_of
from warehouse.organisations.importing import take_reference
from warehouse.own_figures import build_own, own_figures, own_measures
from warehouse.staging import StagedSubmission

_ROWS, _WHOLE, _REFERRALS = "rows", "whole", "IDS101"


@dataclass(frozen=True)
class Extract:
    """One extract, read. ``folder`` has its accepted rows; ``counts``: the file as a whole is not rejected.

    ``groups`` is how many kinds of findings might cost something, ``units`` those of them that are worked out.
    ``begun_before`` of its ``referrals`` were received before the month.
    """

    of: ProviderMonth | None
    folder: Path
    counts: bool
    has_rows: bool
    verdict: Mapping[str, Any]
    groups: int = 0
    units: Sequence[corrected.Unit] = ()
    referrals: int = 0
    begun_before: int = 0

    @property
    def staged(self) -> StagedSubmission:
        """As a build takes it, received today: a preview asks what would be if it were sent now."""
        assert self.of is not None, "an extract with rows has a provider and month"
        return StagedSubmission(self.folder.parent.name, self.of, self.folder, datetime.now(UTC).date())


class Made(NamedTuple):
    """Figures of an own build, what they mean, and the code under which the service's own stand."""

    provider: str
    figures: pl.DataFrame
    measures: pl.DataFrame
    groups: pl.DataFrame


def of_preview(path: Path, folder: Path, key: TokenKey) -> Extract:
    """The extract that is previewed: its rows, and for each kind of finding the rows that it costs.

    Works in ``folder``, which is deleted if nobody is left to delete it.
    """
    deleted_if_orphaned(folder)
    checked, own = _written(path, folder / "own", key)
    if own.of is None or not own.has_rows:
        return own
    groups = corrected.groups(checked)
    units: Sequence[corrected.Unit] = ()
    if groups:
        whole = folder / _WHOLE
        _check_whole(path, whole, own.staged.submission_id, key, checked)
        units = corrected.units(checked, groups, whole, folder / "costs")
    referrals, before = _referrals(own)
    return Extract(own.of, own.folder, own.counts, own.has_rows, own.verdict, len(groups), units, referrals, before)


def of_history(path: Path, folder: Path, key: TokenKey) -> Extract:
    """An earlier extract of the service: its rows alone."""
    deleted_if_orphaned(folder.parent)
    return _written(path, folder, key)[1]


def placed(reference: Path, folder: Path) -> Path:
    """The folder of reference data made from the files at ``reference``. Raises ReferenceRefused."""
    take_reference(reference, folder / "reference")
    return folder / "reference"


def figures(folder: Path, extracts: Sequence[Extract], reference: Path | None) -> Made:
    """The figures that these extracts make together."""
    deleted_if_orphaned(folder)
    draft = folder / "own.duckdb"
    build_own(draft, [each.staged for each in extracts], reference=reference)
    found = own_figures(draft)
    return Made(found["provider"][0], found, *own_measures(draft))


def _written(path: Path, folder: Path, key: TokenKey) -> tuple[SubmissionChecked, Extract]:
    """Check an extract and write its accepted rows; of a file that is rejected, those that nothing else rejects."""
    rows = folder / _ROWS
    checked = _check_into(path, rows, folder.name, key)
    of, counts = checked.header.provider_month, not checked.is_file_rejected
    if counts:
        store.complete(rows, checked)
    else:
        corrected.keep_only(rows, {table: each.rejected for table, each in checked.tables.items()})
    has_rows = of is not None and checked.header.is_usable and any(rows.glob("IDS1*.parquet"))
    return checked, Extract(of, rows, counts, has_rows, as_json(checked, state_of(checked).value))


def _check_whole(path: Path, rows: Path, submission_id: str, key: TokenKey, checked: SubmissionChecked) -> None:
    """Write all rows of an extract, also those that rules reject, with refused values as they probably are."""
    found = [(each.rule.id, (column.table, column.field)) for each in checked.causes for column in each.columns]
    likely = partial(read_likely, period=period_of(checked.header), month_first=month_first(found))
    _check_into(path, rows, submission_id, key, likely)


def _check_into(
    path: Path,
    rows: Path,
    submission_id: str,
    key: TokenKey,
    read_as: Callable[[Received], Received] | None = None,
) -> SubmissionChecked:
    rows.mkdir(parents=True)

    def sink(table_id: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        return store.written(frame, rows / f"{table_id}.parquet")

    unpacked = rows.with_name(f"{rows.name}-unpacked")
    unpacked.mkdir()
    return check_path_into(path, unpacked, Staging(submission_id, key, sink, read_as))


def _referrals(own: Extract) -> tuple[int, int]:
    """The referrals of an extract, and how many of them were received before its month."""
    path = own.folder / f"{_REFERRALS}.parquet"
    if not path.exists() or own.of is None:
        return 0, 0
    received = pl.read_parquet(path, columns=["ReferralRequestReceivedDate"]).to_series()
    return len(received), int((received < own.of.month).sum())
