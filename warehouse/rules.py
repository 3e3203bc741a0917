"""The rules that submissions are checked against, and what they found: ``meta.rule``, ``meta.rule_finding``.

Belongs here: filling the two tables in a file about to be released, and which rules found otherwise in a file that
changed. Does not belong here: the rules and the verdicts. The caller hands them in, since no release is named after
them (decision 0050).
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

import duckdb

from warehouse.history.causes import Cause, InputChange
from warehouse.staging import insert_rows

TABLES = ("meta.rule", "meta.rule_finding")
"""What ``note_rules`` fills; a draft has them empty."""

COUNTS = ("submissions", "findings", "records_rejected")
"""Columns of ``meta.rule`` that are exact and stay inside."""

Findings = Mapping[tuple[str, str], Mapping[str, int]]
"""Findings by rule of each submission, by its id and the version of the rules that judged it."""


@dataclass(frozen=True)
class ListedRule:
    """A rule as ``meta.rule`` lists it, in the order of its columns. A retired one has its id alone."""

    rule: str
    since: str | None = None
    until: str | None = None
    level: str | None = None
    effect: str | None = None
    dimension: str | None = None
    table_id: str | None = None
    elements: str | None = None
    message: str | None = None
    what_to_do: str | None = None
    why: str | None = None
    national_rules: str | None = None


@dataclass(frozen=True)
class Judged:
    """What submissions are checked against, and what was found. ``rejecting``: the rules that reject records."""

    rules: Sequence[ListedRule] = ()
    rejecting: frozenset[str] = frozenset()
    findings: Findings = field(default_factory=dict)


def note_rules(con: duckdb.DuckDBPyConnection, judged: Judged) -> None:
    """Fill ``meta.rule`` and ``meta.rule_finding`` of the open file.

    A rule that found something and is not listed is noted as retired. Only the verdict by which the rows of a
    submission were made is counted.
    """
    found = []
    for provider, month, submission_id, made_with in con.execute(
        "SELECT provider, month, submission_id, made_with FROM core.submission ORDER BY provider, month"
    ).fetchall():
        version = (made_with or "").split(" ")[0]
        for rule, count in sorted(judged.findings.get((submission_id, version), {}).items()):
            found.append((provider, month, rule, submission_id, count, count if rule in judged.rejecting else 0))
    insert_rows(con, "meta.rule_finding", found)
    listed = {each.rule: each for each in judged.rules}
    listed |= {rule: ListedRule(rule) for _, _, rule, *_ in found if rule not in listed}
    rows = [
        (each.rule, each.effect is None, *astuple(each)[1:], 0, 0, 0)
        for each in sorted(listed.values(), key=lambda each: each.rule)
    ]
    insert_rows(con, "meta.rule", rows)
    con.execute(
        "UPDATE meta.rule SET submissions = f.submissions, findings = f.findings, "
        "records_rejected = f.records_rejected FROM (SELECT rule, count(*) AS submissions, "
        "CAST(sum(findings) AS BIGINT) AS findings, CAST(sum(records_rejected) AS BIGINT) AS records_rejected "
        "FROM meta.rule_finding GROUP BY rule) AS f WHERE f.rule = meta.rule.rule"
    )


def found_otherwise(change: InputChange, findings: Findings) -> list[dict[str, Any]]:
    """The rules that found more or less in the file that counts now than in the one before: rule, before, after.

    Empty where one of the two is not there. After an erasure nothing is said, since a difference of one would show
    that person.
    """
    if change.before is None or change.after is None or Cause.ERASURE in change.causes:
        return []
    then, now = (findings.get((one.submission_id, one.rules), {}) for one in (change.before, change.after))
    return [
        {"rule": rule, "before": then.get(rule, 0), "after": now.get(rule, 0)}
        for rule in sorted({*then, *now})
        if then.get(rule, 0) != now.get(rule, 0)
    ]
