"""The rules in force: everything that a submission of one version and period is checked against.

Belongs here: putting generated and written rules together, and the ids of retired rules. Does not belong here: the
rules themselves: every module of ``schemas/rules`` with ``RULES`` is asked, and adding one changes nothing here.
"""

from datetime import date
from functools import cache

from schemas.causes import CAUSES
from schemas.dataset import TABLES
from schemas.gate import GATE
from schemas.generated import generated_rules
from schemas.modules import declared
from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.table import Table
from schemas.versions import Version, as_checked

# By id: within a table that is the order in which reports and the documentation list them.
WRITTEN: tuple[Rule, ...] = tuple(
    sorted((rule for rules in declared("schemas.rules", "RULES") for rule in rules), key=lambda rule: rule.id)
)
# Ids of rules that were in force once. They stay listed, so that an old report keeps its meaning.
# The rules of the cascade ended in FALLS until November 2026; they end in CASCADE now. IDS202-105 and IDS011-104
# asked for the form that their elements declare now.
RETIRED: frozenset[str] = frozenset(f"{table.id}-FALLS" for table in TABLES.values() if table.parent) | {
    "IDS202-105",
    "IDS011-104",
}


@cache
def rules_for(table_id: str, version: Version, start: date, end: date) -> tuple[Rule, ...]:
    """The rules of a table of one dataset version in a period: generated ones first, in field order."""
    written = (rule.in_month(start) for rule in WRITTEN if rule.table == table_id)
    return (*generated_rules(as_checked(table_id, version), start, end), *written)


@cache
def cascade_rule(table: Table) -> Rule:
    """The rule that rejects a record by cascade: the record it belongs to was rejected. It has no predicate."""
    assert table.parent is not None, table.id
    parent = TABLES[table.parent[1]]
    return Rule(
        f"{table.id}-CASCADE",
        table.id,
        Effect.REJECT_RECORD,
        (table.parent[0],),
        "",
        f"The {parent.title.lower()} record that this record belongs to was rejected.",
        "Correct that record. This one needs no change of its own.",
        "The record cannot count without the record it belongs to.",
        Dimension.CONFORMANCE,
        Level.GROUP,
        owner=Owner.INFORMATICS,  # there is nothing to mend in it: who sends the extract sends it again
    )


def ruleset(version: Version, start: date, end: date) -> dict[str, Rule]:
    """Every rule of a version in a period by id, those of the gate and the causes included, in dataset order."""
    found = [rule for table_id in TABLES for rule in rules_for(table_id, version, start, end)]
    cascade = [cascade_rule(table) for table in TABLES.values() if table.parent]
    return GATE | CAUSES | {rule.id: rule for rule in (*found, *cascade)}
