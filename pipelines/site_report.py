"""The site's report of a load: beside those of earlier submissions, and compared with the last of them.

Belongs here: where the report lies and which one it is compared with. Does not belong here: what it says
(``reports.site``).
"""

from pathlib import Path
from typing import Any

from pipelines import durable, holding
from pipelines.inbox import Source, discard
from pipelines.ledger import Ledger, Receipt
from pipelines.verdict import Verdict
from pipelines.zones import Zones
from reports.site.history import earlier_report
from reports.site.report import write_report
from schemas.month import month_text
from transforms.submission import SubmissionChecked


def leave_report(
    checked: SubmissionChecked, verdict: Verdict, source: Source, receipt: Receipt, zones: Zones, ledger: Ledger
) -> None:
    """Write the site's report, compared with the one before it for the same provider and month."""
    of = verdict.header.provider_month or source.named
    place = zones.site_reports.joinpath(*((of.provider, month_text(of.month)) if of else ("unknown",)))
    # Without a provider and month there is no previous report.
    previous = _previous_report(place, receipt, ledger) if of else None
    folder, state = place / receipt.submission_id, verdict.state.value
    standing = holding.standing(verdict, receipt, ledger.events(of.provider)) if of else {}
    for leftover in folder.glob(".workbook-*"):  # of a killed process; it quotes records
        discard(leftover)
    write_report(
        folder, checked, state, receipt.submission_id, previous,
        content_sha256=receipt.content_sha256, standing=standing, erased_rows=verdict.erased.get("rows", 0),
        questions=verdict.questions,
    )  # fmt: skip
    durable.sync_all(folder)
    durable.sync_up(folder, zones.site_reports)


def _previous_report(place: Path, receipt: Receipt, ledger: Ledger) -> dict[str, Any] | None:
    """The report of the submission before this one, for the same provider and month; ``None`` for the first."""
    others = (report.parent.name for report in place.glob("*/report.json"))
    earlier = {ledger.outcome(other).receipt.seq: other for other in others if other != receipt.submission_id}
    before = max((seq for seq in earlier if seq < receipt.seq), default=None)
    if before is None:
        return None
    return earlier_report(place / earlier[before] / "report.json", receipt.submission_id)
