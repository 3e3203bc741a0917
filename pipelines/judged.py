"""The rules and the verdicts of the ledger, as a release keeps them.

Belongs here: bringing both into the form that the warehouse takes, which knows neither rules nor ledger. Does not
belong here: the tables of a release that are made of them (``warehouse.rules``).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache

from pipelines.ledger import Outcome
from reports.dataset.rule_pages import START, VERSION, without_values
from schemas.month import last_day
from schemas.national_rules import national_rules
from schemas.rule import Rule
from schemas.ruleset import RETIRED, ruleset
from schemas.versions import Version, tables_of
from warehouse.rules import Findings, Judged, ListedRule

# From the oldest version of the dataset to the newest.
_VERSIONS = VERSION.line[::-1]


def judged(events: Iterable[Outcome], month: date | None) -> Judged:
    """The rules of a month, or of the example's where there is none, and all verdicts of the ledger."""
    start = month or START
    known = {rule.id: rule for version in _VERSIONS for rule in _rules(version, start).values()}
    return Judged(
        [*(_listed(rule, start) for rule in known.values()), *(ListedRule(each) for each in sorted(RETIRED))],
        frozenset(rule.id for rule in known.values() if rule.effect.is_rejection),
        findings(events),
    )


def findings(events: Iterable[Outcome]) -> Findings:
    """Findings per rule of each submission, by the version of the rules that judged it."""
    return {
        (event.receipt.submission_id, str(event.detail.get("made_with", ""))): event.detail.get("rules", {})
        for event in events
        if event.state.is_concluded
    }


@cache
def _rules(version: Version, start: date) -> Mapping[str, Rule]:
    return ruleset(version, start, last_day(start))


def _listed(rule: Rule, start: date) -> ListedRule:
    having = [version.value for version in _having(rule, start)]
    return ListedRule(
        rule.id,
        having[0] if having else None,
        having[-1] if having and having[-1] != VERSION.value else None,
        rule.level.value,
        rule.effect.value,
        rule.dimension.value,
        rule.table or None,
        " ".join(rule.fields) or None,
        without_values(rule.message),
        without_values(rule.fix),
        without_values(rule.why) or None,
        " ".join(each.id for each in national_rules().get(rule.id, ())) or None,
    )


def _having(rule: Rule, start: date) -> list[Version]:
    """The versions that have the rule with its table and elements. No version has two of which one replaces the
    other: then those that have one of them.
    """
    names = {*rule.fields}
    there = {version: names & _elements(version, rule.table) for version in _versions_of(rule, start)}
    return [version for version, found in there.items() if found == names] or [
        version for version, found in there.items() if found
    ]


def _versions_of(rule: Rule, start: date) -> Iterator[Version]:
    for version in _VERSIONS:
        if rule.id in _rules(version, start) and (not rule.table or rule.table in tables_of(version)):
            yield version


def _elements(version: Version, table_id: str) -> set[str]:
    return set(tables_of(version)[table_id].by_name) if table_id else set()
