"""Which records come back when one kind of finding is corrected.

Belongs here: the kinds of findings of an extract, and the rows that it would have if one of them were corrected.
Does not belong here: which findings there are (``transforms``), figures of these rows (``costs``).

A rejected record comes back with the value that it probably should have (``transforms.likely``), or with a blank
where that is not known. A cause is corrected with all that it explains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.store import written
from reports.preview.content import Cost
from reports.site.groups import Group, summarise
from reports.site.wording import clean, first_of, message
from schemas.dataset import TABLES
from schemas.generated import Kind
from schemas.rule import Effect
from schemas.table import Table
from transforms.cascade import rejected_by_cascade
from transforms.findings import IS_OWN, REJECTIONS
from transforms.related import ROW, ROW_TYPE
from transforms.submission import SubmissionChecked

Rejected = Mapping[str, pl.Series]
"""Row numbers by table id."""

# Kinds of findings that are worked out, and rows of those that are counted again, all together.
MOST, MOST_ROWS = 12, 6_000_000
_COSTS = (Effect.REJECT_GROUP, Effect.REJECT_RECORD, Effect.SEVERE_WARNING, Effect.WARNING)
_TABLES_SAID = 3


@dataclass(frozen=True)
class Finding:
    """A kind of finding that may cost something: of one rule in one table, or a cause with all that it explains.

    ``records`` have it. ``elements`` are those that it is about, as table id and name.
    """

    group: Group
    records: int
    elements: tuple[tuple[str, str], ...]
    is_cause: bool

    def theirs(self) -> pl.Expr:
        """Whether a row of ``_rejecting`` goes when it is corrected."""
        if self.is_cause:
            return pl.col("explained_by") == self.group.rule.id
        is_of_rule = (pl.col("table") == self.group.table) & (pl.col("rule_id") == self.group.rule.id)
        return is_of_rule & (pl.col("explained_by") == "")


@dataclass(frozen=True)
class Unit:
    """A finding that is worked out.

    ``cost`` says it, still without the figures that it changes. ``code`` is the service that it is in the build,
    empty for a warning. ``elements`` are those of its finding.
    """

    cost: Cost
    code: str
    elements: tuple[tuple[str, str], ...]


def groups(checked: SubmissionChecked) -> list[Finding]:
    """The kinds of findings that may cost something: causes first, then the most serious.

    What rejects the whole file costs everything. It is counted where a cause explains it.
    """
    found = summarise(checked)
    columns = {cause.rule.id: [(each.table, each.field) for each in cause.columns] for cause in checked.causes}
    kinds = []
    for group in found.groups:
        if group.rule.id in columns:
            elements = columns[group.rule.id]
            kinds.append(Finding(group, found.explains[group.rule.id].records, tuple(elements), is_cause=True))
        elif group.rule.effect in _COSTS and len(group.rows):
            elements = [(group.table, name) for name in group.rule.fields]
            kinds.append(Finding(group, group.records, tuple(elements), is_cause=False))
    return kinds


def keep_only(folder: Path, rejected: Rejected, provider: str = "", to: Path | None = None) -> int:
    """Write the rows of ``folder`` that are not ``rejected`` into ``to``, and return how many.

    Without ``to`` they replace those that are there. Else they become rows of ``provider`` and of a submission with
    the name of ``to``.
    """
    kept = 0
    for path in sorted(folder.glob("*.parquet")):
        rows = pl.scan_parquet(path, glob=False)
        gone = rejected.get(path.stem)
        if gone is not None and len(gone):
            rows = rows.filter(~pl.col("row_number").is_in(gone.cast(pl.Int64).implode()))
        if to is not None:
            rows = rows.with_columns(provider=pl.lit(provider), submission_id=pl.lit(to.name))
        target = (to or folder) / path.name
        beside = target.with_suffix(".beside")
        written(rows, beside).collect(engine="streaming")
        height = _height(beside)
        kept += height
        if height:
            beside.replace(target)
        else:
            beside.unlink()
            target.unlink(missing_ok=True)
    return kept


def units(checked: SubmissionChecked, found: Sequence[Finding], whole: Path, place: Path) -> list[Unit]:
    """The first of ``found``. Of each that rejects, the rows of an extract in which it alone is corrected lie below
    ``place``.

    ``whole`` has all rows of the extract, those that rules reject as well.
    """
    rejecting, links = _rejecting(checked), _links(whole)
    as_it_is = _lost(rejecting, links)
    most = at_most(rows_in(whole))
    before = keep_only(whole, as_it_is, code_of(0), new_folder(place / code_of(0)))
    made: list[Unit] = []
    for finding in found:
        if not finding.group.rule.effect.is_rejection:
            made.append(_unit(finding, finding.records, ""))
        elif len(made) < most:
            lost = _and_unplaced(_lost(rejecting.filter(~finding.theirs()), links), as_it_is, whole)
            code = code_of(len(made) + 1)
            made.append(_unit(finding, keep_only(whole, lost, code, new_folder(place / code)) - before, code))
    return made[:MOST]


def _unit(finding: Finding, rows: int, code: str) -> Unit:
    group = finding.group
    texts, rule = [clean(value) for value, _ in group.values], group.rule
    is_used = not (finding.is_cause or rule.is_declared or rule.id.endswith(f"-{Kind.BLANK}"))
    tables = dict.fromkeys(table for table, _ in finding.elements) or {group.table: None}
    names = [TABLES[table].name for table in tables]
    cost = Cost(
        rule.id, rule.effect.value, first_of(names, _TABLES_SAID), message(rule, texts, group.distinct), rule.fix,
        finding.records, rows, is_used,
    )  # fmt: skip
    return Unit(cost, code, finding.elements)


def code_of(number: int) -> str:
    """The code of a service of the build: 0 is the extract as it is."""
    return f"X{number}"


def new_folder(folder: Path) -> Path:
    """``folder``, made."""
    folder.mkdir(parents=True)
    return folder


def _rejecting(checked: SubmissionChecked) -> pl.DataFrame:
    """Every record that a rule rejects itself: table, rule_id, explained_by (blank for none) and row_number."""
    return checked.findings.filter(IS_OWN, pl.col("effect").is_in(REJECTIONS)).select(
        pl.col("table", "rule_id", "explained_by").cast(pl.String).fill_null(""), "row_number"
    )


def _lost(rejecting: pl.DataFrame, links: Mapping[str, pl.DataFrame]) -> Rejected:
    """What does not count if these records are rejected: they and all below them."""
    own = {
        table: rejecting.filter(pl.col("table") == table)["row_number"].unique().sort().cast(pl.Int64)
        for table in links
    }
    below, _ = rejected_by_cascade(links, own)
    return {table: pl.concat([own[table], below[table]["row_number"]]) for table in links}


def _links(whole: Path) -> dict[str, pl.DataFrame]:
    """Of every row the row of the record that it belongs to, as ``transforms.cascade`` asks for it."""
    found: dict[str, pl.DataFrame] = {}
    for table in TABLES.values():
        path = whole / f"{table.id}.parquet"
        if not path.exists():
            continue
        columns = ["row_number", *([table.parent[0]] if table.parent else [])]
        rows = pl.read_parquet(path, columns=columns).with_columns(pl.col("row_number").cast(ROW_TYPE))
        if table.parent:
            rows = _with_parent(rows, table, whole)
        found[table.id] = rows
    return found


def _with_parent(rows: pl.DataFrame, table: Table, whole: Path) -> pl.DataFrame:
    assert table.parent is not None, "asked of tables with a parent"
    here, parent, there = table.parent
    place, path = f"{parent}_{ROW}", whole / f"{parent}.parquet"
    if not path.exists():
        return rows.with_columns(pl.lit(None, dtype=ROW_TYPE).alias(place))
    above = pl.read_parquet(path, columns=["row_number", there]).drop_nulls(there)
    first = above.sort("row_number").unique(there, keep="first").rename({"row_number": place, there: here})
    return rows.join(first.with_columns(pl.col(place).cast(ROW_TYPE)), on=here, how="left")


def _and_unplaced(lost: Rejected, as_it_is: Rejected, whole: Path) -> Rejected:
    """Rows that come back without their key, or without the record they belong to, stay out: nothing of them counts
    before that is known.
    """
    found = {}
    for table_id, rows in lost.items():
        table = TABLES[table_id]
        names = [*table.key, *([table.parent[0]] if table.parent else [])]
        back = as_it_is[table_id].filter(~as_it_is[table_id].is_in(rows.implode()))
        if names and len(back):
            frame = pl.read_parquet(whole / f"{table_id}.parquet", columns=["row_number", *names])
            blank = frame.filter(pl.any_horizontal(pl.col(name).is_null() for name in names))["row_number"]
            rows = pl.concat([rows, back.filter(back.is_in(blank.implode()))])
        found[table_id] = rows
    return found


def at_most(rows: int) -> int:
    """How many findings are counted again, where each takes so many rows."""
    return max(1, min(MOST, MOST_ROWS // max(rows, 1)))


def rows_in(folder: Path) -> int:
    """Rows of all files of a folder."""
    return sum(map(_height, folder.glob("*.parquet")))


def _height(path: Path) -> int:
    height: int = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    return height
