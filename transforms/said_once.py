"""What one program did to every table it wrote, said once instead of once a table.

Belongs here: putting the same finding about many tables together. Does not belong here: what is found
(``transforms.receive``), causes of values.
"""

import polars as pl

from schemas.gate import GATE
from transforms.findings import note

# Findings about the form of a file, with words that say where in it.
_OF_FORM = (
    "GATE-NAMES-TWICE", "GATE-FOOTER", "GATE-EMPTY-ROWS", "GATE-EMPTY-COLUMNS", "GATE-SEPARATOR", "GATE-NO-COLUMNS",
    "GATE-TITLE-ROW", "GATE-ROW-NUMBERS", "GATE-CUT", "GATE-ROW-ENDS",
)  # fmt: skip


def more_tables(number: int) -> str:
    """How many tables are not named: "1 more table", "2 more tables"."""
    return f"{number} more table{'' if number == 1 else 's'}"


def said_once(findings: pl.DataFrame) -> pl.DataFrame:
    """The findings with one for each of these rules: that of the first table, and how many more tables have it."""
    met = set(findings["rule_id"].unique())
    for rule_id in (rule_id for rule_id in _OF_FORM if rule_id in met):
        about = findings["rule_id"] == rule_id
        if (tables := findings.filter(about)["table"].n_unique()) < 2:
            continue
        first = findings.filter(about).row(0, named=True)
        more = f"{first['found']} of {first['table']}, and in {more_tables(tables - 1)}"
        findings = pl.concat([note(GATE[rule_id], None, more), findings.filter(~about)])
    return findings
