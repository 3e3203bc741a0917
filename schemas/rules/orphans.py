"""Orphans: records that name a record which is not in the submission.

Belongs here: one rule for every table with a parent, made from that link. Does not belong here: records rejected
by cascade (``schemas.ruleset``), and links without cascade (staff).
"""

from schemas.dataset import TABLES
from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.table import Table

_PARENT = {
    "IDS001": ("patient", "The record has no patient, so it is excluded from every measure."),
    "IDS101": ("referral", "The record has no referral and no pathway, so it is excluded from every measure."),
    "IDS201": (
        "care contact",
        "The activity has no date and no referral, so it does not count as therapy.",
    ),
    "IDS202": (
        "care activity",
        "The score has no date and no referral, so it is left out of every outcome.",
    ),
}


def _orphan(table: Table, parent: tuple[str, str, str]) -> Rule:
    here, parent_id, _ = parent
    what, why = _PARENT[parent_id]
    return Rule(
        f"{table.id}-101",
        table.id,
        Effect.REJECT_GROUP,
        (here,),
        f"NOT {parent_id}_found",
        f"No {what} in this submission has this {here}.",
        f"Add the {what} to {TABLES[parent_id].name}, or correct {here}. Capitals and leading zeros matter.",
        why,
        Dimension.CONFORMANCE,
        Level.GROUP,
        bad=({here: "X9", f"{parent_id}_found": "false"},),
        good=({f"{parent_id}_found": "true"},),
        owner=Owner.SUPPLIER,
    )


RULES: tuple[Rule, ...] = tuple(_orphan(table, table.parent) for table in TABLES.values() if table.parent)
