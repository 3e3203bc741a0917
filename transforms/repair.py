"""The arithmetic of repair: which rows count again when something is corrected, and how little must be.

Belongs here: counting what returns when one rule, or one record, is corrected alone, and when all before it in a
list are; the smallest set of records to correct. Does not belong here: what is wrong (``transforms.validate``),
what is rejected by cascade (``transforms.cascade``), the order of a list and its words (``reports.site``).

A rejected row waits for every fault of its own and for every fault of the records above it. A fault has a position
in a list of corrections. Of all positions that a row waits for, two say everything: the first and the last. If they
are equal, the row returns when that one is corrected alone. It returns at the latest when all up to the last are.

«Corrected» means: the record breaks no rule that rejects, and shares no value any more that only one may have. The
counts hold for what is in the file: a corrected value may break another rule, which only the next check can see.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from schemas.dataset import TABLES
from schemas.gate import GATE
from schemas.links import HEADER
from schemas.rule import Effect
from schemas.ruleset import WRITTEN
from transforms.findings import IS_OWN, REJECTIONS

RECORD = ("table", "row_number")
_TABLE, _ROW = pl.Categorical(), pl.Int64()
ABOVE: dict[str, pl.DataType] = {"table": _TABLE, "row_number": _ROW, "above_table": _TABLE, "above_row": _ROW}
"""A record that breaks a rejecting rule, and the nearest record above it that does."""
GROUPS: dict[str, pl.DataType] = {"table": _TABLE, "row_number": _ROW, "rule_id": _TABLE, "group": pl.UInt64()}
"""A record, the rule that rejects it together with others, and a number that those share. No value is in it."""
_TO_CORRECT: dict[str, pl.DataType] = {
    "table": _TABLE, "row_number": _ROW, "returns_alone": pl.Int64(), "returns_so_far": pl.Int64()
}  # fmt: skip

# These go by themselves when the findings that they name are corrected.
_FOLLOWING = frozenset({GATE["GATE-HEADER-UNUSABLE"].id, GATE["GATE-NOTHING-ACCEPTED"].id})
# Rules by which no two records have one key. Those below a key belong to the one that keeps it.
_OF_KEYS = [rule.id for rule in WRITTEN if rule.table and rule.group_by and rule.group_by == TABLES[rule.table].key]


@dataclass(frozen=True)
class Links:
    """What is known of rejected records beyond their findings: ``ABOVE`` and ``GROUPS``."""

    above: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ABOVE))
    groups: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=GROUPS))


def returned(findings: pl.DataFrame, links: Links, order: pl.DataFrame, rows_in: Mapping[str, int]) -> pl.DataFrame:
    """What returns when the findings of one rule in one table are corrected, for a list of such corrections.

    ``order`` has rule_id, table (null for the submission as a whole) and position, from 0 on. Gives position;
    ``alone``: rows that count again when only this is corrected; ``further``: those of them that break no rejecting
    rule themselves; ``so_far``: rows that count when this and all positions before it are corrected. ``rows_in``
    is how many rows each table has. What a cause explains is corrected with it: ``order`` has the cause for every
    table that it may have reached. In a rejected file ``alone`` takes it as given, for a finding about a record,
    that what rejects the file is corrected. If no record but the header counts even then, the first that does
    brings the header with it.
    """
    findings = findings.with_columns(pl.coalesce("explained_by", "rule_id").alias("rule_id"))
    own = _own(findings)
    placed = own.join(order, on=["rule_id", "table"], how="inner")
    waits = placed.group_by(RECORD).agg(lo=pl.col("position").min(), hi=pl.col("position").max())
    chains = _chains(waits, waits.with_columns(keeps="row_number"), links.above, findings)
    counted = _counted(chains, order["position"].n_unique())
    if not (findings["effect"] == Effect.REJECT_FILE.value).any():
        return counted
    return _with_file(counted, chains, _of_file(findings, own, order), rows_in)


def to_correct(findings: pl.DataFrame, links: Links) -> pl.DataFrame:
    """The smallest set of records to correct so that no record is rejected, those that bring back most first.

    Columns table, row_number, ``returns_alone``: rows that count again when this record alone is corrected, itself
    among them; ``returns_so_far``: rows that count again when this one and all before it are. Of records that share
    a value all but one are in the set. In a rejected file the counts hold for when it is no longer rejected.
    """
    own = _own(findings)
    if own.is_empty():
        return pl.DataFrame(schema=_TO_CORRECT)
    members, chosen = _smallest(own, links.groups)
    order = pl.DataFrame({"table": pl.Series(list(TABLES), dtype=_TABLE), "place": range(len(TABLES))})
    first = chosen.with_row_index("position").cast({"position": pl.Int64})
    alone = _counted(_waiting(members, first, links.above, findings), first.height)
    ranked = (
        first.join(alone.select("position", "alone"), on="position")
        .join(order, on="table")
        .sort("alone", "place", "row_number", descending=[True, False, False])
        .select(*RECORD, "alone")
        .with_row_index("position")
        .cast({"position": pl.Int64})
    )
    last = _counted(_waiting(members, ranked, links.above, findings), ranked.height)
    return ranked.join(last.select("position", "so_far"), on="position", maintain_order="left").select(
        *RECORD, pl.col("alone").alias("returns_alone"), pl.col("so_far").alias("returns_so_far")
    )


def without_causes(findings: pl.DataFrame, links: Links) -> tuple[pl.DataFrame, Links]:
    """Findings and links as they are once every cause is mended, and nothing else.

    A record that only causes reject is broken no more. What waited for it waits for the next broken record above.
    """
    is_explained = findings["explained_by"].is_not_null()
    if not is_explained.any():
        return findings, links
    left = findings.filter(~is_explained & pl.col("cause_row").is_null())
    broken = _own(left)
    mended = _own(findings).select(RECORD).unique().join(broken, on=RECORD, how="anti")
    above = _past(links.above, mended)
    root = above.rename({"table": "cause_table", "row_number": "cause_row"})
    cascade = findings.filter(pl.col("cause_row").is_not_null()).select(*RECORD, "cause_table", "cause_row")
    of_mended = mended.rename({"table": "cause_table", "row_number": "cause_row"})
    moved = (
        cascade.join(of_mended, on=["cause_table", "cause_row"], how="semi")
        .join(root, on=["cause_table", "cause_row"])
        .select(*RECORD, cause_table="above_table", cause_row="above_row")
    )
    fallen = mended.join(above, on=RECORD).select(*RECORD, cause_table="above_table", cause_row="above_row")
    stay = cascade.join(of_mended, on=["cause_table", "cause_row"], how="anti")
    below = pl.concat([stay, moved, fallen])
    return (
        pl.concat([left, below], how="diagonal"),
        Links(
            above.join(broken, on=RECORD, how="semi"),
            links.groups.join(broken, on=[*RECORD, "rule_id"], how="semi"),
        ),
    )


def _past(above: pl.DataFrame, mended: pl.DataFrame) -> pl.DataFrame:
    """``ABOVE`` with the nearest record above that is not mended; without those that have none."""
    up = above.rename(
        {"table": "above_table", "row_number": "above_row", "above_table": "next_table", "above_row": "next_row"}
    )
    passed = mended.select(above_table="table", above_row="row_number", is_mended=True)
    for _ in TABLES:  # more than any record has above it
        here = above.join(passed, on=["above_table", "above_row"], how="left")
        if not here["is_mended"].any():
            break
        here = here.join(up, on=["above_table", "above_row"], how="left")
        above = here.select(
            *RECORD,
            above_table=pl.when("is_mended").then("next_table").otherwise("above_table"),
            above_row=pl.when("is_mended").then("next_row").otherwise("above_row"),
        ).drop_nulls("above_row")
    return above


def above_of(table_id: str, own: pl.DataFrame, links: pl.DataFrame, lost: pl.DataFrame, place: str) -> pl.DataFrame:
    """``ABOVE`` for the broken records ``own`` (row_number) of a table.

    ``links`` has row_number and ``place``, the row of the record each belongs to; ``lost`` those that are rejected,
    with the record that causes it.
    """
    found = own.join(links, on="row_number").join(lost.rename({"row_number": place}), on=place)
    return found.select(
        pl.lit(table_id, dtype=_TABLE).alias("table"),
        pl.col("row_number").cast(_ROW),
        pl.col("cause_table").alias("above_table"),
        pl.col("cause_row").cast(_ROW).alias("above_row"),
    )


def _own(findings: pl.DataFrame) -> pl.DataFrame:
    """Each rejecting rule that a record breaks itself: table, row_number, rule_id, each once."""
    return (
        findings.lazy()
        .filter(IS_OWN, pl.col("effect").is_in(REJECTIONS))
        .select(*RECORD, "rule_id")
        .unique()
        .collect()
    )


def _chains(waits: pl.DataFrame, down: pl.DataFrame, above: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """What each broken record and those below it wait for, with all that is above them.

    ``waits`` has per record lo and hi of its own faults. ``down`` has per record those that what is below it waits
    for, and ``keeps``, the record that what is below will belong to: where a key is there twice, it may be another
    one. Gives lo and hi of the record, down_lo and down_hi of what is below, and ``further``, how many rows are
    below without a fault in between.
    """
    if above.is_empty():
        beside = down.select(*RECORD, pl.col("lo").alias("down_lo"), pl.col("hi").alias("down_hi"))
        return _with_below(waits.join(beside, on=RECORD), findings)
    over = above.rename({"row_number": "keeps"})
    of_below = down.join(over, on=["table", "keeps"], how="left").select(
        *RECORD,
        pl.col("lo").alias("down_lo"),
        pl.col("hi").alias("down_hi"),
        pl.col("above_table").alias("over_table"),
        pl.col("above_row").alias("over_row"),
    )
    of = waits.join(of_below, on=RECORD).join(above, on=RECORD, how="left")
    known = pl.DataFrame(schema={"table": _TABLE, "row_number": _ROW, "up_lo": _ROW, "up_hi": _ROW})
    done = [of.head(0).select(*RECORD, "lo", "hi", "down_lo", "down_hi")]
    by_table = of.partition_by("table", as_dict=True)
    for table_id in TABLES:  # a record's parent is of an earlier table
        if (table_id,) not in by_table:
            continue
        here = by_table[table_id,]
        for low, high, up in (("lo", "hi", "above"), ("down_lo", "down_hi", "over")):
            of_up = known.rename({"table": f"{up}_table", "row_number": f"{up}_row"})
            here = here.join(of_up, on=[f"{up}_table", f"{up}_row"], how="left").with_columns(
                pl.min_horizontal(low, "up_lo").alias(low), pl.max_horizontal(high, "up_hi").alias(high)
            )
            here = here.drop("up_lo", "up_hi")
        done.append(here.select(done[0].columns))
        known = pl.concat(
            [known, here.select(*RECORD, pl.col("down_lo").alias("up_lo"), pl.col("down_hi").alias("up_hi"))]
        )
    return _with_below(pl.concat(done), findings)


def _with_below(chains: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """``chains`` with further: how many rows are rejected by cascade, with this record as the nearest."""
    cascade = findings.filter(pl.col("cause_row").is_not_null())
    below = cascade.group_by(table="cause_table", row_number="cause_row").agg(pl.len().cast(_ROW).alias("further"))
    return chains.join(below, on=RECORD, how="left").with_columns(pl.col("further").fill_null(0))


def _counted(chains: pl.DataFrame, positions: int) -> pl.DataFrame:
    """Per position alone, further and so_far."""
    itself, below, nothing = pl.lit(1, dtype=_ROW), pl.col("further"), pl.lit(0, dtype=_ROW)
    every = pl.DataFrame({"position": pl.Series(range(positions), dtype=_ROW)})

    def part(of: pl.DataFrame, position: str, alone: pl.Expr, further: pl.Expr, last: pl.Expr) -> pl.DataFrame:
        return of.select(position=position, alone=alone, further=further, so_far=last)

    parts = [
        part(chains.filter(pl.col("lo") == pl.col("hi")), "lo", itself, nothing, nothing),
        part(chains.filter(pl.col("down_lo") == pl.col("down_hi")), "down_lo", below, below, nothing),
        part(chains, "hi", nothing, nothing, itself),
        part(chains, "down_hi", nothing, nothing, below),
        part(every, "position", nothing, nothing, nothing),
    ]
    summed = pl.concat(parts).group_by("position").agg(pl.col("alone", "further", "so_far").sum())
    return summed.sort("position").with_columns(pl.col("so_far").cum_sum())


def _of_file(findings: pl.DataFrame, own: pl.DataFrame, order: pl.DataFrame) -> list[int]:
    """Positions of what rejects a rejected file, the header's record with it, without what goes by itself."""
    about = findings.filter(pl.col("effect") == Effect.REJECT_FILE.value).select("rule_id", "table")
    # Of a file that is rejected for something else, the gate does not say that its header cannot be used.
    of_header = own.filter(pl.col("table") == HEADER).select("rule_id", "table")
    about = pl.concat([about, of_header]).filter(~pl.col("rule_id").cast(pl.String).is_in(list(_FOLLOWING)))
    return sorted(set(about.join(order, on=["rule_id", "table"], nulls_equal=True)["position"]))


def _with_file(
    counted: pl.DataFrame, chains: pl.DataFrame, of_file: list[int], rows_in: Mapping[str, int]
) -> pl.DataFrame:
    """The counts where the file is rejected: its rows that break no rule return with the file.

    It is accepted once all of ``of_file`` is corrected and a record other than the header counts, if any was sent.
    """
    others = chains.filter(pl.col("table") != HEADER)
    of_others = _counted(others, counted.height)
    sent = sum(rows for table, rows in rows_in.items() if table != HEADER)
    rejected, rejected_others = (int((1 + each["further"]).sum()) for each in (chains, others))
    clean = max(sum(rows_in.values()) - rejected, 0)
    stands = not sent or sent > rejected_others
    stands_by_file = stands or not others.filter(pl.all_horizontal(pl.col("lo", "hi").is_in(of_file))).is_empty()
    header = 0 if stands_by_file else rows_in.get(HEADER, 0)

    def if_one_counts(name: str, rows: pl.Expr) -> pl.Expr:
        return pl.when(stands | (of_others[name] > 0)).then(rows).otherwise(0)

    is_of_file, alone, so_far = pl.col("position").is_in(of_file), pl.col("alone"), pl.col("so_far")
    with_file = if_one_counts("alone", alone + clean) if len(of_file) == 1 else pl.lit(0)
    with_header = alone + pl.when(alone > 0).then(header).otherwise(0)
    is_last = pl.col("position") >= max(of_file, default=0)
    return counted.with_columns(
        pl.when(is_of_file).then(with_file).otherwise(with_header).alias("alone"),
        pl.when(is_last).then(if_one_counts("so_far", so_far + clean)).otherwise(0).alias("so_far"),
    )


def _smallest(own: pl.DataFrame, groups: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The members of groups, each with the one of its group that may stay; and the records to correct.

    One that has a fault of its own cannot stay. Of the others the one in fewest groups does, then the first.
    """
    if groups.is_empty():
        nobody = {**GROUPS, "is_forced": pl.Boolean(), "in_groups": _ROW, "stays": _ROW}
        return pl.DataFrame(schema=nobody), own.select(RECORD).unique().sort(RECORD)
    of_rules = own.join(groups, on=[*RECORD, "rule_id"], how="left")
    forced = of_rules.filter(pl.col("group").is_null()).select(RECORD).unique()
    by = ("table", "rule_id", "group")
    members = (
        of_rules.filter(pl.col("group").is_not_null())
        .join(forced.with_columns(is_forced=True), on=RECORD, how="left")
        .with_columns(pl.col("is_forced").fill_null(False), pl.len().over(RECORD).alias("in_groups"))
        .sort("is_forced", "in_groups", "row_number")
        .with_columns(
            pl.when(~pl.col("is_forced").first()).then(pl.col("row_number").first()).over(by).alias("stays")
        )
    )
    leaving = members.filter(pl.col("row_number").ne_missing(pl.col("stays"))).select(RECORD)
    return members, pl.concat([forced, leaving]).unique().sort(RECORD)


def _waiting(
    members: pl.DataFrame, chosen: pl.DataFrame, above: pl.DataFrame, findings: pl.DataFrame
) -> pl.DataFrame:
    """``_chains`` for a list of records (``chosen``: table, row_number, position)."""
    at = chosen.select(*RECORD, "position")
    themselves = at.select(*RECORD, pl.col("position").alias("lo"), pl.col("position").alias("hi"))
    by = ("table", "rule_id", "group")
    placed = members.join(at, on=RECORD, how="left").with_columns(
        pl.col("position").min().over(by).alias("lo"), pl.col("position").max().over(by).alias("hi")
    )
    staying = (
        placed.filter(pl.col("position").is_null()).group_by(RECORD).agg(pl.col("lo").min(), pl.col("hi").max())
    )
    waits = pl.concat([themselves, staying])
    # Below a key that is there twice, records wait for the group, and then for the one that keeps the key.
    keys = (
        placed.filter(pl.col("rule_id").cast(pl.String).is_in(_OF_KEYS))
        .sort("row_number")
        .group_by(by)
        .agg(
            pl.col("row_number").first(),
            pl.col("lo", "hi").first(),
            pl.col("row_number").filter(pl.col("position").is_null()).first().alias("keeps"),
        )
    )
    of_keeper = staying.select("table", keeps="row_number", k_lo="lo", k_hi="hi")
    below_keys = keys.join(of_keeper, on=["table", "keeps"], how="left").select(
        *RECORD,
        pl.min_horizontal("lo", "k_lo").alias("lo"),
        pl.max_horizontal("hi", "k_hi").alias("hi"),
        pl.coalesce("keeps", "row_number").alias("keeps"),
    )
    others = waits.join(below_keys, on=RECORD, how="anti").with_columns(keeps="row_number")
    return _chains(waits, pl.concat([others, below_keys]), above, findings)
