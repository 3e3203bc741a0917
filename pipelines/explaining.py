"""Answers to questions about numbers: in a file beside an extract, or given at the centre.

Belongs here: reading and writing the file, and recording an answer. Does not belong here: what is asked
(``transforms.plausible``), the commands (``pipelines.commands.explaining``).

An answer is given once and holds for later months (``Answer.covers``). In a file it travels with the extract. The
file itself is not kept: only rows that can be used are, and no other text of it is printed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines import durable
from pipelines.kept import VERDICT, kept_verdict
from pipelines.ledger import Ledger, Outcome, concluded
from pipelines.zones import Zones
from reports.site.report import restate
from schemas.errors import NotAsked
from schemas.month import ProviderMonth, month_text
from transforms.plausible.answers import Answer


@dataclass(frozen=True)
class Explained:
    """An answer that was recorded: about which question, and the months whose submissions it covers."""

    question: str
    months: tuple[ProviderMonth, ...]


def explain(of: ProviderMonth, given: Answer, zones: Zones, ledger: Ledger) -> Explained:
    """Record an answer to a question about the last submission of a month, and about later ones that it covers.

    The reports of the site say it too. Raises NotAsked if that was not asked.
    """
    events = ledger.events(of.provider)
    last = {o.provider_month: o for o in concluded(events) if o.provider_month and o.state.has_rows}
    asked = {row["id"]: row for row in (last[of].detail.get("questions", ()) if of in last else ())}
    if given.question not in asked:
        known = ", ".join(asked) or "nothing"
        raise NotAsked(f"{given.question} is not asked about {of}. Asked is: {known}.")
    row = asked[given.question]
    full = replace(given, month=month_text(of.month), records=row["records"], more=row["more"])
    covered = [each for each in last.values() if _is_covered(each, full)]
    for outcome in covered:
        _record(outcome, full, zones, ledger)
    return Explained(given.question, tuple(sorted(o.provider_month for o in covered if o.provider_month)))


def _is_covered(outcome: Outcome, given: Answer) -> bool:
    assert outcome.provider_month is not None, "it has rows"
    month = month_text(outcome.provider_month.month)
    return any(given.covers(row, month) for row in outcome.detail.get("questions", ()))


def _record(outcome: Outcome, given: Answer, zones: Zones, ledger: Ledger) -> None:
    of, id_ = outcome.provider_month, outcome.receipt.submission_id
    assert of is not None, "it has rows"
    rows = [*_answered(outcome.detail["questions"], given, month_text(of.month))]
    ledger.record(id_, outcome.state, of, {**outcome.detail, "questions": rows})
    report = zones.site_reports / of.provider / month_text(of.month) / id_
    if (report / "report.json").exists():
        restate(report, questions=rows)
    if (zones.received / id_ / VERDICT).exists():  # a lost ledger is made again from it
        verdict = replace(kept_verdict(outcome.receipt, zones), questions=rows)
        durable.write(zones.received / id_ / VERDICT, verdict.to_json())


def _answered(rows: Sequence[Mapping[str, Any]], given: Answer, month: str) -> Iterator[Mapping[str, Any]]:
    for row in rows:
        yield {**row, "answer": given.as_row()} if given.covers(row, month) else row
