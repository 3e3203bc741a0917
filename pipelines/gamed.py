"""Services that game, built like any other: their records through the rules, core and marts.

Belongs here: demonstration records as accepted submissions, and changed ones as those of a provider of their own.
Does not belong here: the changes (``demonstration.gaming``), what they are worth (``pipelines.incentives``).

Records go through the rules once, unchanged. The accepted rows are then changed: they have the same elements as the
submitted ones, and a test holds that the figures are those of records changed before the rules. Rules take 0.2 s a
month, changed rows a tenth of that.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import polars as pl
import polars.selectors as cs

from demonstration.gaming.records import MONTH, Records, records_of
from demonstration.geography import placed
from demonstration.sites import Service
from demonstration.sites import service as made_up_service
from demonstration.submissions import header, parts
from pipelines import store
from schemas.dataset import TABLES
from schemas.month import ProviderMonth, months_after
from schemas.staged import staged_schema
from schemas.table import Table
from schemas.token import TYPE
from schemas.versions import Version
from transforms.leaving import Staging
from transforms.pseudonymise import TokenKey, token
from transforms.receive.table import Received
from transforms.submission import Opener, check_submission
from warehouse.staging import StagedSubmission

# Nobody real is in these records. One key for all runs: the same inputs give the same rows.
_KEY = TokenKey("s1", hashlib.sha256(b"records of people who do not exist").hexdigest())
# The first Talking Therapies provider of the demonstration; each seed makes another service of it.
_PLACE = 6
_TALKING_THERAPIES = {"05": 1.0}
# Made anew when rows become those of another provider; the month stays.
_OF_A_SUBMISSION = ("submission_id", "provider", "row_number")
# After the month: headers say that the extract was made on the ninth day.
_SENT_AFTER = timedelta(days=14)


def service_of(seed: int, code: str, referrals_a_month: float) -> Service:
    """A Talking Therapies service of the demonstration under another code, with as many referrals a month.

    The same seed gives the same people and care under any code.
    """
    made_up = placed(made_up_service(_PLACE, seed))
    return replace(made_up, code=code, pathways=_TALKING_THERAPIES, referrals_per_month=referrals_a_month)


def records_of_service(service: Service, start: date, months: int, seed: int) -> Records:
    """All that the service submits in these months."""
    return records_of(parts(service, start, months, seed), start)


def sent(records: Records, service: Service, folder: Path) -> tuple[list[StagedSubmission], int]:
    """The records as accepted submissions of the service, one a month below ``folder``, and how many of them break
    a rule.

    They go through the same rules as any submission. Raises AssertionError if a file is rejected.
    """
    done, findings = [], 0
    for month, tables in records.months():
        of = ProviderMonth(service.code, month)
        place = folder / str(of)
        place.mkdir(parents=True)
        rows = {"IDS000": header(service, month, 0)} | tables
        staging = Staging(str(of), _KEY, partial(_into, place))
        received_at = datetime.combine(months_after(month, 1), time()) + _SENT_AFTER
        checked = check_submission(_opener(rows), of, [], received_at, staging)
        assert not checked.is_file_rejected, of
        store.complete(place, checked)
        findings += checked.findings.height
        done.append(StagedSubmission(str(of), of, place))
    return done, findings


def accepted(submissions: Sequence[StagedSubmission]) -> Records:
    """The accepted rows of one provider's submissions."""
    found: dict[str, list[pl.DataFrame]] = {}
    for submission in submissions:
        for path in sorted(submission.folder.glob("*.parquet")):
            found.setdefault(path.stem, []).append(as_changed(pl.read_parquet(path)))
    return Records({name: pl.concat(frames) for name, frames in found.items()})


def as_changed(rows: pl.DataFrame) -> pl.DataFrame:
    """Accepted rows as a way changes them: of no submission, and with tokens as text, of which it may make ids."""
    return rows.drop(_OF_A_SUBMISSION).with_columns(cs.binary().bin.encode("hex"))


def kept(records: Records, code: str, months: Sequence[date], folder: Path) -> list[StagedSubmission]:
    """Accepted rows as the submissions of another provider, for the same months.

    All rows lie in the first folder, one file a table: 18 months of 25 tables would be 450 files.
    """
    of = [ProviderMonth(code, month) for month in months]
    for one in of:
        (folder / str(one)).mkdir(parents=True)
    for name, rows in records.tables.items():
        said = {
            "submission_id": pl.lit(f"{code}_") + pl.col(MONTH).dt.strftime("%Y-%m"),
            "provider": pl.lit(code),
        }
        tokens = [each for each, type_ in staged_schema(TABLES[name]).items() if type_ == TYPE]
        said |= {each: token(pl.col(each), _KEY, code) for each in tokens}
        numbered = rows.with_row_index("row_number", offset=2).with_columns(pl.col("row_number").cast(pl.Int64))
        typed = numbered.with_columns(**said).select(*staged_schema(TABLES[name]))
        typed.write_parquet(folder / str(of[0]) / f"{name}.parquet", compression="zstd", compression_level=1)
    return [StagedSubmission(str(one), one, folder / str(one)) for one in of]


def _into(place: Path, table_id: str, rows: pl.LazyFrame) -> pl.LazyFrame:
    return store.written(rows, place / f"{table_id}.parquet")


def _opener(tables: Mapping[str, pl.DataFrame]) -> Opener:
    def opener(table: Table, _: Version | None) -> Received | None:
        return _received(tables[table.id], table) if table.id in tables else None

    return opener


def _received(frame: pl.DataFrame, table: Table) -> Received:
    """The rows as the gate reads them from a file: text, numbered from 2 on."""
    text = [
        pl.col(each.name).cast(pl.String)
        if each.name in frame.columns
        else pl.lit(None, pl.String).alias(each.name)
        for each in table.fields
    ]
    rows = frame.lazy().with_row_index("row_number", offset=2).select(pl.col("row_number").cast(pl.Int64), *text)
    return Received(table, rows, frame.height, columns={name: at for at, name in enumerate(frame.columns)})
