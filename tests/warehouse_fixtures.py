"""Tiny pseudonymised submissions for the warehouse's tests, written from text tables.

Belongs here: text to staged Parquet, and one pathway from a line of scores. Does not belong here: anything the
pseudonymising side does (the warehouse only ever sees these files).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from schemas.dataset import TABLES
from schemas.staged import staged_schema
from warehouse.build import StagedSubmission, build_core, build_marts, complete
from warehouse.measures.catalogue import Measure, catalogue

PHQ9, GAD7, REQOL10, WEMWBS = "720433000", "445455005", "1091071000000100", "718426000"
DIALOG = "1037651000000100"
APRIL = date(2025, 4, 1)
# Enough for a test of something else than measures.
FEW = ("REFERRALS", "RECOVERY")

Row = dict[str, Any]


def rows_of(text: str) -> list[Row]:
    """Records of a text table: a header line, columns parted by ``|``, blank is null."""
    header, *lines = [line for line in text.strip().splitlines() if line.strip(" |-")]
    names = [name.strip() for name in header.split("|")]
    return [
        {name: cell.strip() or None for name, cell in zip(names, line.split("|"), strict=True)} for line in lines
    ]


def write_submission(
    root: Path,
    provider: str,
    month: date,
    tables: Mapping[str, str | Sequence[Row]],
    order: int = 1,
    submission_id: str | None = None,
) -> StagedSubmission:
    """One staged submission: Parquet per table that has rows, as the pseudonymised store holds it.

    Unnamed columns are null; row numbers follow the order of the rows unless given. A person's id defaults to
    the local id, since only equality matters here.
    """
    name = submission_id or f"{provider}-{month:%Y-%m}-{order}"
    folder = root / name
    folder.mkdir(parents=True)
    for table_id, content in tables.items():
        records = rows_of(content) if isinstance(content, str) else [dict(row) for row in content]
        if not records:
            continue
        schema = staged_schema(TABLES[table_id])
        unknown = {key for row in records for key in row} - set(schema)
        assert not unknown, f"{table_id} has no {unknown}"
        for number, row in enumerate(records, start=2):
            row.setdefault("row_number", number)
            if table_id == "IDS001":
                row.setdefault("person_id", f"{provider}-{row['LocalPatientId']}")
                row.setdefault("is_nationally_linked", "true")
            row |= {"submission_id": name, "provider": provider, "month": month}
        columns = {
            key: pl.Series(key, [None if row.get(key) is None else str(row[key]) for row in records], pl.String)
            for key in schema
        }
        frame = pl.DataFrame(columns).select(_typed(key, dtype) for key, dtype in schema.items())
        frame.write_parquet(folder / f"{table_id}.parquet")
    return StagedSubmission(name, provider, month, folder)


def _typed(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.Date:
        return column.str.to_date("%Y-%m-%d")
    if dtype == pl.Datetime:
        return column.str.to_datetime("%Y-%m-%dT%H:%M:%S")
    return column == "true" if dtype == pl.Boolean else column.cast(dtype)


@dataclass
class Case:
    """One pathway in few words: scores are (instrument code, first, last), None for a score not taken.

    ``contacts`` treatment contacts fall a week apart from 8 April; scores fall on the first and last of them.
    """

    name: str
    scores: Sequence[tuple[str, str | None, str | None]] = ()
    contacts: int = 2
    is_discharged: bool = True
    complaint: str | None = None
    pathway: str | None = None
    person: str | None = None
    extra_scores: Sequence[Row] = field(default_factory=tuple)


def tables_of(cases: Iterable[Case]) -> dict[str, list[Row]]:
    """Staged rows of the cases, all referred on 1 April 2025 and discharged on 30 April when discharged."""
    tables: dict[str, list[Row]] = {key: [] for key in ("IDS001", "IDS101", "IDS201", "IDS603", "IDS606")}
    people: set[str] = set()
    for case in cases:
        person = case.person or f"p-{case.name}"
        if person not in people:
            tables["IDS001"].append({"LocalPatientId": person, "Gender": "2", "EthnicCategory": "A"})
            people.add(person)
        tables["IDS101"].append(
            {
                "ServiceRequestId": case.name,
                "LocalPatientId": person,
                "ReferralRequestReceivedDate": APRIL,
                "ServDischDate": date(2025, 4, 30) if case.is_discharged else None,
                "Pathway": case.pathway,
            }
        )
        days = [date(2025, 4, 8) + timedelta(days=2 * number) for number in range(case.contacts)]
        tables["IDS201"] += [
            {
                "CareContactId": f"{case.name}-c{number}",
                "ServiceRequestId": case.name,
                "CareContDate": day,
                "AppType": "02",
                "AttendOrDNACode": "5",
            }
            for number, day in enumerate(days, start=1)
        ]
        if case.complaint:
            tables["IDS603"].append(
                {"ServiceRequestId": case.name, "PresComp": case.complaint, "PresCompCodSig": "1"}
            )
        for tool, first, last in case.scores:
            tables["IDS606"] += [
                {
                    "ServiceRequestId": case.name,
                    "CodedAssToolType": tool,
                    "PersScore": value,
                    "AssToolCompDate": day,
                }
                for value, day in ((first, date(2025, 4, 8)), (last, date(2025, 4, 28)))
                if value is not None
            ]
        tables["IDS606"] += [{"ServiceRequestId": case.name, **row} for row in case.extra_scores]
    return tables


def build(
    tmp: Path,
    winners: Sequence[StagedSubmission],
    *,
    marts: bool = True,
    whole: bool = False,
    measures: Collection[str] | None = None,
    **options: Any,
) -> Path:
    """A draft with core, and marts unless told otherwise; ``whole``: as it is published, with comments.

    ``measures`` are counted, all when not given. Planning 300 of them takes 4 s for a few rows, so nothing is
    counted where no mart is asked for.
    """
    draft = tmp / "draft.duckdb"
    counted = some(*measures) if measures is not None else None if marts or whole else ()
    build_core(draft, winners, measures=counted, **options)
    if marts or whole:
        build_marts(draft, measures=counted)
    if whole:
        complete(draft, measures=counted)
    return draft


def some(*names: str) -> list[Measure]:
    """These measures of the catalogue. Raises KeyError for a name it does not have."""
    known = {measure.id: measure for measure in catalogue()}
    return [known[name] for name in names]


def one_of_each() -> list[str]:
    """A measure of every grain, date and kind, with and without breakdowns: whatever is counted in its own way."""
    found = {(m.grain, m.date_column, m.kind, bool(m.breakdowns)): m.id for m in reversed(catalogue())}
    return [m.id for m in catalogue() if m.id in found.values()]


def ask(draft: Path, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query on a warehouse file, opened for reading only."""
    with duckdb.connect(str(draft), read_only=True) as con:
        return con.execute(sql, list(parameters)).fetchall()


def one(tmp: Path, tables: Mapping[str, str | list[Row]], columns: str, table: str = "core.pathway") -> list[Any]:
    base: dict[str, str | list[Row]] = {
        "IDS001": [{"LocalPatientId": "p"}],
        "IDS101": [{"ServiceRequestId": "r", "LocalPatientId": "p", "ReferralRequestReceivedDate": APRIL}],
    }
    draft = build(tmp, [write_submission(tmp, "RXX", APRIL, {**base, **tables})], marts=False)
    return ask(draft, f"SELECT {columns} FROM {table} ORDER BY ALL")
