"""Demonstration submissions on disk: one folder or zip per provider and month, and the answer key beside them.

Belongs here: paths, files, bytes. Does not belong here: what is in them (``demonstration.submissions``), progress
on the terminal (the caller's ``on_written``).
"""

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from demonstration.faults import ANSWER_KEY, plant
from demonstration.geography import placed
from demonstration.sites import Service
from demonstration.sites import service as made_up_service
from demonstration.submissions import Part, dense_parts, header, parts
from schemas.dataset import TABLES
from schemas.month import ProviderMonth, months_after

ANSWER_KEY_NAME = "answer_key.csv"
# The place of the service that a single submission of any size comes from: the first Talking Therapies provider.
BUSY_SERVICE = 6


@dataclass(frozen=True)
class SynthesisSummary:
    """What was written: submissions, contacts (rows of IDS201), rows of all tables, planted faults."""

    submissions: int
    contacts: int
    rows: int
    faults: int


def write_submissions(
    out: Path,
    *,
    providers: int,
    months: int,
    start: date,
    seed: int,
    faults: float = 0.0,
    size: float = 1.0,
    as_zip: bool = False,
    on_written: Callable[[int, int], None] | None = None,
) -> SynthesisSummary:
    """Write ``providers`` × ``months`` submissions as ``<ODS>_<YYYY-MM>`` under ``out``.

    The six demonstration sites come first, then Talking Therapies providers. ``start`` is the first of a month.
    The same ``seed`` writes the same bytes; further providers or months change nothing in the others.
    ``faults`` is the share of rows with one planted error (``answer_key.csv`` says which), ``size`` multiplies
    referrals. ``on_written`` is told after each submission how many are written, of how many. What an earlier
    call wrote under the same names is replaced. Memory holds one provider at a time. Raises ValueError for
    numbers that make no submission.
    """
    if providers < 1 or not 0 <= faults <= 1 or size <= 0:
        raise ValueError("providers must be 1 or more, faults from 0 to 1, size above 0")
    out.mkdir(parents=True, exist_ok=True)
    services = [placed(made_up_service(index, seed, size)) for index in range(providers)]
    key = _AnswerKey(out / ANSWER_KEY_NAME, faults, seed)
    contacts = rows = written = 0
    for service in services:
        texts: list[dict[str, _Lines]] = []
        for part in parts(service, start, months, seed):
            texts.append(key.plant_and_write(service, start, months, part))
            contacts += part.tables["IDS201"].frame.height
        key.next_service()
        for month in range(months):
            rows += _write_month(out, service, start, month, texts, as_zip)
            written += 1
            if on_written:
                on_written(written, providers * months)
    key.write()
    return SynthesisSummary(written, contacts, rows, key.count)


def write_single_submission(
    out: Path,
    *,
    contacts: int,
    seed: int,
    month: date = date(2025, 4, 1),
    faults: float = 0.0,
    as_zip: bool = False,
    on_written: Callable[[int, int], None] | None = None,
) -> SynthesisSummary:
    """Write one submission of about ``contacts`` contacts (within 3 per cent from 10,000 on), for benchmarks.

    It is written in parts of 100,000 contacts, so memory does not grow with it. ``on_written`` is told after
    each part how many contacts are written, of how many. Raises ValueError if ``contacts`` is below 1.
    """
    if contacts < 1 or not 0 <= faults <= 1:
        raise ValueError("contacts must be 1 or more, faults from 0 to 1")
    out.mkdir(parents=True, exist_ok=True)
    service = made_up_service(BUSY_SERVICE, seed)
    key = _AnswerKey(out / ANSWER_KEY_NAME, faults, seed)
    target = _fresh(out / _name(service, month, 0))
    target.mkdir()
    written = rows = 0
    for part in dense_parts(service, month, contacts, seed):
        is_first = written == 0
        text = key.plant_and_write(service, month, 1, part)
        rows += _append(target, text, with_names=is_first)
        written += part.tables["IDS201"].frame.height
        if on_written:
            on_written(min(written, contacts), contacts)
    top = header(service, month, 0)
    top.write_csv(target / f"{TABLES['IDS000'].name}.csv")
    key.write()
    if as_zip:
        _zip_folder(target)
    return SynthesisSummary(1, written, rows + top.height, key.count)


@dataclass(frozen=True)
class _Lines:
    """One table of one part as CSV without names: the lines of month m are bytes ``at[m]`` to ``at[m + 1]``."""

    names: str
    text: bytes
    at: NDArray[np.int64]
    rows: NDArray[np.int64]

    def of_month(self, month: int) -> bytes:
        return self.text[self.at[month] : self.at[month + 1]]


class _AnswerKey:
    """Plants faults part by part, keeping the rows that earlier parts of the same service took."""

    def __init__(self, path: Path, share: float, seed: int) -> None:
        self.path, self.share, self.seed, self.count = path, share, seed, 0
        self.found: list[pl.DataFrame] = [pl.DataFrame(schema=ANSWER_KEY)]
        self.rows_before: dict[str, NDArray[np.int64]] = {}

    def plant_and_write(self, service: Service, start: date, months: int, part: Part) -> dict[str, _Lines]:
        """The CSV lines of every table of a part, faults planted."""
        lines = {}
        for id_, table in part.tables.items():
            before = self.rows_before.get(id_, np.zeros(months, dtype=np.int64))
            if self.share > 0:
                table, key = plant(table, service.code, start, self.share, before, self.seed, service.index)
                self.found.append(key)
                self.count += key.height
            self.rows_before[id_] = before + np.diff(table.starts)
            lines[id_] = _lines(table.frame, table.starts)
        return lines

    def next_service(self) -> None:
        self.rows_before = {}

    def write(self) -> None:
        pl.concat(self.found).sort("provider", "month", "table", "row_number").write_csv(self.path)


def _lines(frame: pl.DataFrame, starts: NDArray[np.int64]) -> _Lines:
    # One write for all months, cut at line ends afterwards: a call per month and table costs 0.3 ms, 15 s for
    # 200 providers and 12 months. No value holds a line break.
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False)
    text = buffer.getvalue()
    ends = np.append(0, np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")) + 1)
    assert len(ends) == frame.height + 1
    return _Lines(",".join(frame.columns), text, ends[starts], np.diff(starts))


def _name(service: Service, start: date, month: int) -> str:
    return str(ProviderMonth(service.code, months_after(start, month)))


def _write_month(
    out: Path, service: Service, start: date, month: int, texts: list[dict[str, _Lines]], as_zip: bool
) -> int:
    """Write one submission and return its rows."""
    top = header(service, start, month)
    files = {TABLES["IDS000"].name: top.write_csv().encode()}
    rows = top.height
    for id_, first in texts[0].items():
        body = [part[id_].of_month(month) for part in texts]
        files[TABLES[id_].name] = b"".join([f"{first.names}\n".encode(), *body])
        rows += int(sum(part[id_].rows[month] for part in texts))
    target = _fresh(out / _name(service, start, month))
    if as_zip:
        _write_zip(target.with_name(f"{target.name}.zip"), ((f"{name}.csv", text) for name, text in files.items()))
        return rows
    target.mkdir()
    for name, text in files.items():
        (target / f"{name}.csv").write_bytes(text)
    return rows


def _append(target: Path, text: dict[str, _Lines], *, with_names: bool) -> int:
    for id_, lines in text.items():
        with (target / f"{TABLES[id_].name}.csv").open("wb" if with_names else "ab") as file:
            if with_names:
                file.write(f"{lines.names}\n".encode())
            file.write(lines.text)
    return int(sum(lines.rows.sum() for lines in text.values()))


def _fresh(target: Path) -> Path:
    """The folder's path, with what stood there (as folder or zip) taken away."""
    if target.is_dir():
        shutil.rmtree(target)
    target.with_name(f"{target.name}.zip").unlink(missing_ok=True)
    return target


def _zip_folder(folder: Path) -> None:
    files = ((path.name, path.read_bytes()) for path in sorted(folder.iterdir()))
    _write_zip(folder.with_name(f"{folder.name}.zip"), files)
    shutil.rmtree(folder)


def _write_zip(path: Path, files: Iterator[tuple[str, bytes]]) -> None:
    """A zip with the files at its top and one fixed time in it, so that the same files give the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text, compresslevel=1)
