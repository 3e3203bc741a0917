"""The centre's board on the command line, for a plain terminal of 80 columns, with or without colour.

Belongs here: the table with one mark for each month, and the lines below it. Does not belong here: what is said
(``pipelines.overseeing``), the page (``reports.pages.board``).
"""

from datetime import date
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from pipelines.board import NO_WINDOW, NOT_COPIED, Standing, Word
from pipelines.show import line, outdated
from pipelines.zones import Zones, shown
from reports.site.wording import counted, day, first_of

if TYPE_CHECKING:  # it brings DuckDB with it
    from pipelines.overseeing import Overseen

WIDTH = 80
_MARKS = {
    Word.ACCEPTED: ("a", "green"),
    Word.REFRESHED: ("f", "green"),
    Word.LATE: ("l", "yellow"),
    Word.HELD: ("h", "bold yellow"),
    Word.REJECTED: ("x", "bold red"),
    Word.WITHDRAWN: ("w", "red"),
    Word.FAILED: ("!", "bold red"),
    Word.CHECKED: ("…", "yellow"),
    Word.OPEN: ("o", "dim"),
    Word.NOT_RECEIVED: ("-", "bold red"),
}
_MEANING = {
    Word.REFRESHED: "refreshed: another file counts now",
    Word.LATE: "late, does not count yet",
    Word.OPEN: "not received, window open",
}
_LINES = 15


def board(seen: "Overseen", zones: Zones, months: int) -> None:
    """The table of the last so many months, what waits, whom to write to, and the release."""
    if not seen.standings and not seen.unplaced:
        line(f"Nothing has been received yet in {shown(zones.home)}.")
        return
    columns = seen.last_months(min(months, (WIDTH - 8) // 4))
    out = Console(highlight=False, soft_wrap=True)
    line(f"{'':8}{''.join(_year(month, index) for index, month in enumerate(columns))}".rstrip())
    line(f"{'':8}{' '.join(f'{month:%b}' for month in columns)}")
    by_provider: dict[str, dict[date, Standing]] = {}
    for each in seen.standings:
        of = each.month.provider_month
        by_provider.setdefault(of.provider, {})[of.month] = each
    for provider, standing in by_provider.items():
        row = Text(f"{provider:<8}") + Text(" ").join(_mark(standing.get(month)) for month in columns)
        row.rstrip()
        out.print(row)
    line("")
    key = [f"{mark} {_MEANING.get(word, word.value)}" for word, (mark, _) in _MARKS.items()]
    _text("   ".join([*key, "* an earlier file counts"]).replace(" ", "\u00a0").replace("\u00a0" * 3, "   "))
    _deadlines(seen)
    _waiting(seen)
    _questions(seen)
    for outcome in seen.unplaced:
        more = f": {NOT_COPIED}" if outcome.receipt.is_attempt else ""
        id_, state = outcome.receipt.submission_id, outcome.state.value
        _text(f"Not assigned to a provider and month: receipt {id_}, {state}{more}")
    _release(seen)
    if seen.outdated:
        _text(outdated(seen.outdated))


def _year(month: date, index: int) -> str:
    return f"{month:%Y}" if index == 0 or month.month == 1 else "    "


def _mark(standing: Standing | None) -> Text:
    if standing is None:
        return Text("   ")
    mark, style = _MARKS[standing.word]
    is_earlier = standing.month.counts and standing.month.counts != standing.month.latest
    return Text(f"{mark}{'*' if is_earlier else ''}".ljust(3), style=style)


def _deadlines(seen: "Overseen") -> None:
    """How long the windows that are still open are open."""
    windows = sorted(
        {(each.closes, each.month.provider_month.month) for each in seen.standings if each.days_left >= 0}
    )
    for closes, month in windows:
        of = [each for each in seen.standings if each.month.provider_month.month == month]
        here = sum(each.month.counts is not None for each in of)
        left = (closes - seen.on).days
        _text(
            f"{month:%B %Y}: {counted(left, 'day')} left, until {day(closes.isoformat())}. "
            f"{here} of {counted(len(of), 'provider')} have a file that counts."
        )


def _waiting(seen: "Overseen") -> None:
    waiting = [each for each in seen.standings if each.why or each.word is Word.NOT_RECEIVED]
    if waiting:
        line("")
    said: dict[tuple[str, str], list[date]] = {}  # months of a provider that wait for the same are one line
    for each in waiting:
        more = f": {each.why}" if each.why else ""
        of = each.month.provider_month
        said.setdefault((of.provider, f"{each.word.value}{more}"), []).append(of.month)
    for (provider, why), months in [*said.items()][:_LINES]:
        _text(f"{provider} {', '.join(f'{month:%b %Y}' for month in months)}: {why}")
    if len(said) > _LINES:
        line(f"… and {len(said) - _LINES:,} more; --json has all, with the figures that each touches.")
    if any(each.word is Word.HELD or each.why == NO_WINDOW for each in waiting):
        line('To let such a file count: parity confirm PROVIDER MONTH --why "…"')
    if seen.chase:
        names = first_of([each.provider for each in seen.chase], _LINES)
        _text(f"To write to: {names}. The texts: parity mails")


def _questions(seen: "Overseen") -> None:
    """What is unlike a service's own months and nobody has answered, and how much was."""
    asked = [(each.month.provider_month, one) for each in seen.standings for one in each.month.questions]
    unanswered = [(of, one) for of, one in asked if not one["answer"]]
    if asked:
        line("")
    for of, one in unanswered[:_LINES]:
        _text(f"{of.provider} {of.month:%b %Y}: {one['asks']} [{one['id']}]")
    if len(unanswered) > _LINES:
        line(f"… and {counted(len(unanswered) - _LINES, 'more question')}; --json and the page have all.")
    if unanswered:
        line('What a service says: parity explain-away PROVIDER MONTH QUESTION --why "…" --who "…" --until MONTH')
    if len(asked) > len(unanswered):
        line(f"{counted(len(asked) - len(unanswered), 'question')} answered; the page has what was said.")


def _release(seen: "Overseen") -> None:
    line("")
    if seen.release is None:
        line("Nothing is published yet.")
        return
    said = seen.release
    version = f" ({said['version']})" if said["version"] else ""
    _text(f"Release {said['release']}{version}. {_came(seen)} What moved and why: parity diff")
    if said["waiting"]:
        _text(f"Not in it yet: {first_of(said['waiting'], _LINES)}. parity publish makes the next one.")


def _came(seen: "Overseen") -> str:
    """What the release came from: files by cause, and how many measures moved."""
    said = seen.release or {}
    if said["not_compared"]:
        return f"Not compared with one before: {said['not_compared']}."
    files = ", ".join(f"{count:,} {cause}" for cause, count in sorted(said["files"].items()))
    return f"Files that changed: {files or 'none'}. {counted(said['measures'], 'measure')} of England moved."


def _text(text: str) -> None:
    """Text on lines of 80 columns, the further ones indented."""
    for each in wrap(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False):
        line(each.replace("\u00a0", " "))
