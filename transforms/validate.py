"""Findings: every rule over every row of a table.

Belongs here: turning rules into queries, and their results into the findings frame. Does not belong here: the
rules (``schemas``), what is rejected by cascade (``transforms.cascade``), how a finding is shown (``reports``).

The rows of a table are read once, as a stream. Of a row without findings only the values that other tables need
are kept. Broken rows, and groups of records for ``group_by``, are read again. There are usually few of them. If
there are many, memory follows the number of findings and not the size of the table.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import polars as pl

from schemas.dataset import TABLES
from schemas.field import Field
from schemas.links import FOUND, RECORDS, TOOL_FIELD, VERSION, looks_up
from schemas.rule import Rule
from schemas.table import Table
from schemas.terms import HOLDS, holds_all, predicate
from transforms.cast import SUBMITTED, with_typed
from transforms.findings import REJECTIONS, findings_of, no_findings
from transforms.leaving import LOST, TOKEN, Leaving
from transforms.normalise.cells import HIDDEN, Looking, Normalised, hidden, hiding_fields, normalised, suspects
from transforms.plausible import profile
from transforms.plausible.profile import Counting
from transforms.related import ADDED, ROW, ROW_TYPE, Related, with_related
from transforms.repair import GROUPS
from transforms.shown import shown
from transforms.withheld import speaking

_FLAG, _GROUP = "rule ", "group "
NO_ROWS = pl.Series("row_number", [], dtype=pl.Int64)
_Engine = Literal["in-memory", "streaming"]
_NOTHING = Related()


@dataclass(frozen=True)
class Checked:
    """One table's rows checked against its rules. ``rejected`` has the row numbers of rejected rows, sorted."""

    findings: pl.DataFrame
    rows_in: int
    rejected: pl.Series

    @property
    def accepted(self) -> int:
        """Accepted rows. rows_in = accepted + rejected, always."""
        return self.rows_in - len(self.rejected)


class Found(NamedTuple):
    """The result of checking the rows of a table.

    ``kept`` has, for every row, the values that other tables need. ``refused`` are the row numbers that do not
    satisfy the contract, sorted. Each of them must be rejected. Empty if rows are not written. ``groups`` says
    which rows a rule rejects together (``transforms.repair.GROUPS``). ``normalised`` are the rows that were
    checked, if values in them were read as what they mean; else ``None``.
    """

    findings: pl.DataFrame
    kept: pl.DataFrame
    refused: pl.Series
    groups: pl.DataFrame
    normalised: Normalised | None = None


def check_rows(
    rows: pl.LazyFrame,
    table: Table,
    rules: Sequence[Rule],
    related: Related = _NOTHING,
    keep: Iterable[str] = (),
    leaving: Leaving | None = None,
    counting: Counting | None = None,
    looking: Looking | None = None,
    *,
    is_small: bool = False,
) -> Found:
    """The findings of ``rules`` over ``rows`` (see ``receive.Received.rows``), and the kept values of every row.

    A predicate that is true is a finding; false or null is not. Findings are in the order of the rules, within a
    rule by row. Kept are row_number, the fields of ``keep``, typed, ``<table>_row`` for every record that a row
    names, and ``token`` and ``<table>_lost`` if ``leaving`` has them. Rules that count other tables' records
    (``IDS201_records``) are not run here: see ``check_named``. With ``leaving``, rows are written; with
    ``counting``, the profile of the table is made. With ``looking`` values that are spelled otherwise than declared
    are read as what they mean. If there are any, the rows are checked again, and written again. Most files have
    none, so that to look first would cost them more. ``is_small``: the rows are few, and none is read in pieces.
    """
    alone = [rule for rule in rules if not rule.group_by and not _counts_records(rule)]
    together = [rule for rule in rules if rule.group_by]
    groups = list(dict.fromkeys(rule.group_by for rule in together))
    is_counted = counting is not None and profile.is_counted(table)
    counted = profile.columns_of(table) if is_counted else ()
    wanted = {*keep, *_words(together), *counted, *(table.by_name if leaving else ())}
    wanted |= hiding_fields(table) if looking else set()
    beside = _beside(rows, table, alone, related, wanted, leaving.beside if leaving else frozenset(), places=True)
    flagged = beside.with_columns(_flag(rule) for rule in alone)
    if leaving:
        token = [] if leaving.token is None else [leaving.token]
        holds = holds_all(rules, lambda rule: pl.col(_FLAG + rule.id)).alias(HOLDS)
        flagged = flagged.with_columns(holds, *token)
    hiding = hidden(table, looking.around) if looking else None
    flagged = flagged if hiding is None else flagged.with_columns(hiding)
    also = ([HOLDS] if leaving else []) + ([HIDDEN] if hiding is not None else [])
    queries = [_kept(flagged, keep, groups, together), _bad(flagged, alone, also)]
    if leaving:
        broken = speaking(alone, of_all=leaving.is_whole)
        flags = {field: [_FLAG + name for name in names] for field, names in broken.items()}
        written = flagged if leaving.is_whole else flagged.filter(~_is_rejected(alone, leaving))
        queries.append(leaving.write(written, flags))
    if counting and is_counted:
        # Of ``flagged``, which all queries share: of ``beside`` the rows would be read and typed a second time.
        queries.append(counting.query(flagged, table, is_small=is_small))
    engine: _Engine = "in-memory" if is_small else "streaming"
    kept, bad, *more = pl.collect_all(queries, engine=engine)
    bad = bad.sort("row_number") if bad.height > 1 else bad
    if looking and (read := _normalised(bad, rows, table, alone, looking)) is not None:
        found_again = check_rows(read.rows, table, rules, related, keep, leaving, counting, is_small=is_small)
        return found_again._replace(normalised=read)
    if counting:
        counting.add(table, more[-1] if is_counted else profile.NOTHING, kept.height)
    found = _with_values(bad, rows, table, alone, related)
    candidates = {
        group: _shared(kept["row_number"], kept[f"{_GROUP}{index}"], kept[f"{_GROUP}{index} when"])
        for index, group in enumerate(groups)
    }
    of_groups, shared = _check_groups(rows, table, together, related, candidates, engine)
    return Found(
        pl.concat([no_findings(), *found, *of_groups]),
        kept[[name for name in kept.columns if not name.startswith(_GROUP)]],
        bad.filter(~pl.col(HOLDS))["row_number"] if leaving else NO_ROWS,
        pl.concat([pl.DataFrame(schema=GROUPS), *shared]),
    )


def _words(together: Sequence[Rule]) -> set[str]:
    """The columns by which rules about groups form a group, and every word of their conditions."""
    conditions = {word for rule in together for word in re.findall(r"\w+", rule.when)}
    return conditions.union(*(rule.group_by for rule in together))


def _kept(
    flagged: pl.LazyFrame, keep: Iterable[str], groups: Sequence[tuple[str, ...]], together: Sequence[Rule]
) -> pl.LazyFrame:
    """Of every row what is needed after the pass: values, rows it names, and a hash of each of its groups."""
    return flagged.select(
        pl.col("row_number").cast(ROW_TYPE),
        *keep,
        pl.col(f"^({TOKEN}|(IDS|SMI)[0-9]+_({ROW}|{LOST}))$"),
        *(_group_hash(group).alias(f"{_GROUP}{index}") for index, group in enumerate(groups)),
        *(_is_asked(group, together).alias(f"{_GROUP}{index} when") for index, group in enumerate(groups)),
    )


def _bad(flagged: pl.LazyFrame, alone: Sequence[Rule], also: Sequence[str]) -> pl.LazyFrame:
    """The rows that a rule finds; with HOLDS in ``also`` those that the contract refuses too, and with HIDDEN those
    that may have a value that no rule finds.
    """
    flags = [_FLAG + rule.id for rule in alone]
    wanted = [pl.col(flags)] if flags else []
    wanted += [~pl.col(HOLDS)] if HOLDS in also else []
    wanted += [pl.col(HIDDEN)] if HIDDEN in also else []
    return flagged.filter(pl.any_horizontal(wanted or [pl.lit(False)])).select("row_number", *flags, *also)


def _normalised(
    bad: pl.DataFrame, rows: pl.LazyFrame, table: Table, alone: Sequence[Rule], looking: Looking
) -> Normalised | None:
    """``rows`` with what values mean that the rules of their declaration found, or that may be hidden."""
    broken = [rule.id for rule in alone if bad.height and bad[_FLAG + rule.id].any()]
    is_hidden = HIDDEN in bad.columns and bool(bad[HIDDEN].any())
    fields = suspects(alone, broken, table, is_hidden=is_hidden)
    if not fields:
        return None
    flags = [_FLAG + rule.id for rule in alone if rule.id in broken and rule.fields[0] in fields]
    numbers = bad.filter(pl.any_horizontal(*flags, *([HIDDEN] if is_hidden else [])))["row_number"]
    return normalised(rows, table, fields, numbers, looking)


def _is_rejected(alone: Sequence[Rule], leaving: Leaving) -> pl.Expr:
    """Whether a rule rejects the row, or the record that it belongs to is lost."""
    rejecting = [_FLAG + rule.id for rule in alone if rule.effect.is_rejection]
    rejecting += [leaving.lost] if leaving.lost else []
    return pl.any_horizontal(rejecting).fill_null(False) if rejecting else pl.lit(False)


def check_named(
    rows: pl.LazyFrame, table: Table, rules: Sequence[Rule], related: Related, records: pl.DataFrame
) -> pl.DataFrame:
    """The findings of those ``rules`` that count the records of other tables that name a row.

    ``records`` has row_number and ``<table>_records`` for every table counted.
    """
    counting = [rule for rule in rules if _counts_records(rule)]
    counts = [name for name in records.columns if name != "row_number"]
    counted = rows.join(records.lazy(), on="row_number", how="left").with_columns(pl.col(counts).fill_null(0))
    names = [_FLAG + rule.id for rule in counting]
    bad = (
        _beside(counted, table, counting, related, ())
        .with_columns(_flag(rule) for rule in counting)
        .filter(pl.any_horizontal(names))
        .select("row_number", *names)
        .collect(engine="streaming")
    )
    return pl.concat([no_findings(), *_with_values(bad.sort("row_number"), rows, table, counting, related)])


def counted_tables(rules: Iterable[Rule]) -> set[str]:
    """Ids of the tables whose records the rules count."""
    return {other for rule in rules for other, name in rule.related if name == RECORDS}


def rejected_rows(findings: pl.DataFrame) -> pl.Series:
    """The row numbers of one table that a rejecting finding names, sorted, each once."""
    if findings.is_empty():
        return NO_ROWS
    rejecting = findings.filter(pl.col("effect").is_in(REJECTIONS) & pl.col("row_number").is_not_null())
    return rejecting["row_number"].unique().sort()


def _counts_records(rule: Rule) -> bool:
    return any(name == RECORDS for _, name in rule.related)


def _flag(rule: Rule) -> pl.Expr:
    return predicate(rule).alias(_FLAG + rule.id)


def _beside(
    rows: pl.LazyFrame,
    table: Table,
    rules: Sequence[Rule],
    related: Related,
    also: Iterable[str],
    also_related: Iterable[tuple[str, str]] = (),
    *,
    places: bool = False,
) -> pl.LazyFrame:
    """``rows`` typed, with every column that ``rules`` name, the fields ``also`` and the (table, field) of
    ``also_related``; with ``places`` the row numbers of records named.
    """
    said = {word for rule in rules for word in elements_in(rule.fails + rule.when)}
    links = {here for here, _ in looks_up(table).values()}
    named = {*said, *also, *links, TOOL_FIELD, *(name for rule in rules for name in rule.fields)}
    pairs = {*also_related, *(pair for rule in rules for pair in rule.related if pair[1] != RECORDS)}
    beside = with_related(rows, table, pairs, related, places=places)
    return with_typed(beside, table, named & set(table.by_name), ADDED)


@cache
def elements_in(sql: str) -> frozenset[str]:
    """Every word of a predicate, one that is an element as submitted without its ending."""
    return frozenset(word.removesuffix("_text") for word in re.findall(r"\w+", sql))


def _group_hash(group: Sequence[str]) -> pl.Expr:
    """A number shared by records with equal values; null if one is blank, because blanks are not equal."""
    is_complete = pl.all_horizontal(pl.col(name).is_not_null() for name in group)
    return pl.when(is_complete).then(pl.struct(group).hash())


def _is_asked(group: Sequence[str], rules: Sequence[Rule]) -> pl.Expr:
    """Whether a record can make a rule about its group true: always, unless every such rule says when."""
    conditions = [rule.when for rule in rules if rule.group_by == group]
    if not all(conditions):
        return pl.lit(True)
    return pl.any_horizontal(pl.sql_expr(condition).fill_null(False) for condition in conditions)


def _shared(numbers: pl.Series, hashes: pl.Series, is_asked: pl.Series) -> pl.Series:
    """The numbers of rows whose hash another row has too, in groups with a row that is asked.

    Counting distinct hashes is five times as fast as marking repeated ones, and settles most tables. Sorting is as
    fast as counting, and few hashes are repeated.
    """
    if len(numbers) < 2:
        return numbers.clear()
    if not is_asked.all():
        in_group = hashes.is_in(hashes.filter(is_asked).drop_nulls().unique().implode())
        numbers, hashes = numbers.filter(in_group), hashes.filter(in_group)
    if hashes.n_unique() - (1 if hashes.null_count() else 0) == len(hashes) - hashes.null_count():
        return numbers.clear()
    ordered = hashes.drop_nulls().sort()
    repeated = ordered.filter(ordered == ordered.shift(1)).unique()
    return numbers.filter(hashes.is_in(repeated.implode()))


def _check_groups(
    rows: pl.LazyFrame,
    table: Table,
    rules: Sequence[Rule],
    related: Related,
    candidates: dict[tuple[str, ...], pl.Series],
    engine: _Engine,
) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """Findings of rules about records that belong together, asked of those that share what ``group_by`` names; and
    of rules that reject, which records share it.
    """
    asked = {group: numbers for group, numbers in candidates.items() if len(numbers)}
    if not asked:
        return [], []
    of_asked = [rule for rule in rules if rule.group_by in asked]
    everyone = _only(rows, pl.concat(asked.values()).unique())
    fields = [name for group in asked for name in group]
    beside = _beside(everyone, table, of_asked, related, fields).collect(engine=engine).sort("row_number")
    found, shared = [], []
    for group, numbers in asked.items():
        of_group = [rule for rule in of_asked if rule.group_by == group]
        records = beside if len(asked) == 1 else beside.filter(pl.col("row_number").is_in(numbers.implode()))
        flags = records.select(_flag(rule) for rule in of_group)
        broken = [rule for rule in of_group if flags[_FLAG + rule.id].any()]
        if not broken:
            continue
        # What is shown costs more than all else, and few records of few groups are wrong.
        is_bad = flags.select(pl.any_horizontal(_FLAG + rule.id for rule in broken)).to_series()
        values = (
            _as_submitted(records.filter(is_bad).lazy()).select("row_number", *_as_shown(broken, table)).collect()
        )
        found += _findings(flags.filter(is_bad), values, table, broken)
        shared += [
            _sharing(records.filter(flags[_FLAG + rule.id]), rule) for rule in broken if rule.effect.is_rejection
        ]
    return found, shared


def _sharing(records: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Which of the records that a rule about groups rejects belong together."""
    return records.select(
        pl.lit(rule.table).alias("table"),
        "row_number",
        pl.lit(rule.id).alias("rule_id"),
        pl.struct(rule.group_by).hash().alias("group"),
    ).cast(pl.Schema(GROUPS))


def _only(rows: pl.LazyFrame, numbers: pl.Series) -> pl.LazyFrame:
    """The rows with these numbers."""
    wanted = numbers.cast(pl.Int64).rename("row_number").to_frame()
    return rows.join(wanted.lazy(), on="row_number", how="semi")


def _with_values(
    bad: pl.DataFrame, rows: pl.LazyFrame, table: Table, rules: Sequence[Rule], related: Related
) -> list[pl.DataFrame]:
    """Findings of every rule that a row of ``bad`` (row_number and flags) breaks, with the values found."""
    broken = [rule for rule in rules if bad.height and bad[_FLAG + rule.id].any()]
    if not broken:
        return []
    showing = [rule for rule in broken if _shown(rule, table)]
    values = bad.select("row_number")
    if showing:
        is_shown = bad.select(pl.any_horizontal(_FLAG + rule.id for rule in showing)).to_series()
        beside = _beside(_only(rows, bad["row_number"].filter(is_shown)), table, showing, related, ())
        texts = _as_submitted(beside).select("row_number", *_as_shown(showing, table)).collect(engine="streaming")
        values = values.join(texts, on="row_number", how="left", maintain_order="left")
    return _findings(bad, values, table, broken)


def _findings(flags: pl.DataFrame, values: pl.DataFrame, table: Table, rules: Sequence[Rule]) -> list[pl.DataFrame]:
    """A findings frame per broken rule; ``flags`` and ``values`` (row_number, what is shown) have the same rows."""
    return [
        findings_of(
            rule,
            table.id,
            rule.fields[0] if len(rule.fields) == 1 else ", ".join(rule.fields),
            values.filter(flags[_FLAG + rule.id]).select("row_number", _found(rule, table).alias("found")),
        )
        for rule in rules
        if flags.height and flags[_FLAG + rule.id].any()
    ]


def _as_submitted(rows: pl.LazyFrame) -> pl.LazyFrame:
    """``rows`` with values as submitted where they were read as what they mean: a person looks for these."""
    read = [name.removesuffix(SUBMITTED) for name in rows.collect_schema().names() if name.endswith(SUBMITTED)]
    return rows.with_columns(pl.col(f"{name}{SUBMITTED}").alias(f"{name}_text") for name in read)


def _as_shown(rules: Sequence[Rule], table: Table) -> list[pl.Expr]:
    """Every column that findings of ``rules`` show, as it may be shown."""
    wanted = {column: field for rule in rules for _, column, field in _shown(rule, table)}
    return [_shown_column(name, field) for name, field in sorted(wanted.items())]


@cache
def _shown_column(name: str, field: Field | None) -> pl.Expr:
    return shown(pl.col(name).cast(pl.String), field).alias(name)


def _shown(rule: Rule, table: Table) -> list[tuple[str, str, Field | None]]:
    """(what it is called, column, element) of every value that a finding of ``rule`` may show: of no element that
    identifies. A figure of the catalogue of measures is of no element.
    """
    own = [(name, f"{name}_text", table.by_name[name]) for name in rule.fields]
    of_others = [
        (f"{other}.{name}", f"{other}_{name}", TABLES[other].by_name[name] if other in TABLES else None)
        for other, name in rule.related
        if name not in (FOUND, RECORDS, VERSION)
    ]
    return [each for each in (*own, *of_others) if each[2] is None or not each[2].is_identifying]


def _found(rule: Rule, table: Table) -> pl.Expr:
    """The value found; of several, each with its name: "ServDischDate 2026-03-31 · …"; null where none is shown."""
    values = _shown(rule, table)
    if not values:
        return pl.lit(None, dtype=pl.String)
    if len(values) == len(rule.fields) == 1 and values[0][0] == rule.fields[0]:
        return pl.col(values[0][1])
    return pl.concat_str(
        [pl.format(f"{name} {{}}", pl.col(column).fill_null("(blank)")) for name, column, _ in values],
        separator=" · ",
    )
