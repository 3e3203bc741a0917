"""What `parity plan` says, for a plain terminal of 80 columns.

Belongs here: lines of text. Does not belong here: what is said (``pipelines.plan``).
"""

from pipelines.plan import Changed, Plan
from pipelines.show import line
from pipelines.show_releases import RULES_NAMED, england, figures_of_provider, text
from reports.site.wording import counted, first_of

_SHOWN = 40
_NAMED = 8


def plan(found: Plan) -> None:
    """What would change: verdicts, rows of each provider, figures; and what is to be done with it."""
    line(f"{counted(found.submissions, 'submission')} tried again, in a copy. Nothing is changed.")
    for submission_id, error in found.failed:
        text(f"{submission_id} cannot be processed ({error}); what counts of it now counts on.")
    _verdicts(found)
    line("")
    if found.why_not:
        text(f"Figures are not compared. {found.why_not}")
    elif found.figures is not None:
        _figures(found)
    line("")
    text("To make it so: parity reprocess, then parity publish.")


def _verdicts(found: Plan) -> None:
    line("")
    line(
        f"{counted(len(found.changed), 'submission')} judged otherwise."
        if found.changed
        else "Every verdict stays."
    )
    for each in found.changed[:_SHOWN]:
        of = f"{each.provider or '?':<6} {each.month or '?':<8}"
        line(f"  {of} {_state(each)}{_records(each)}")
        for rule in each.rules[:RULES_NAMED]:
            line(f"      {rule['rule']}: {rule['before']:,} findings, now {rule['after']:,}")
        if len(each.rules) > RULES_NAMED:
            line(f"      … and {counted(len(each.rules) - RULES_NAMED, 'rule')} more")
    if len(found.changed) > _SHOWN:
        line(f"  … and {len(found.changed) - _SHOWN:,} more; --json has all.")
    if found.providers:
        line("")
        line("Rows that count, by provider:")
        for one in found.providers:
            moved = f"{one.records_before:,} → {one.records_after:,}"
            line(f"  {one.provider:<6} {moved} ({one.lost:,} lost, {one.won:,} won)")


def _state(each: Changed) -> str:
    same = each.state_before == each.state_after
    said = each.state_after if same else f"{each.state_before} → {each.state_after}"
    if each.counts_before != each.counts_after:
        said += ", counts then" if each.counts_after else ", counts no more"
    return said


def _records(each: Changed) -> str:
    if each.records_before is None or each.records_after is None or each.records_before == each.records_after:
        return ""
    return f": {each.records_before:,} → {each.records_after:,} rows"


def _figures(found: Plan) -> None:
    assert found.figures is not None, "asked only where figures are compared"
    line(f"Beside release {found.release}:")
    for names, what in ((found.measures_new, "new"), (found.measures_gone, "gone")):
        if names:
            text(f"{counted(len(names), 'measure')} {what}: {first_of(names, _NAMED)}.")
    if "figures" in found.figures:
        figures_of_provider(found.figures)
    else:
        england(found.figures["england"])
