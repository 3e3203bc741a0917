"""The output of the command line.

Belongs here: tables on standard output, progress on standard error. Does not belong here: their content.
"""

import csv
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipelines.ledger import State
from pipelines.zones import Zones, shown
from reports.site.asked import answer_said
from reports.site.wording import checked_before, counted, first_of, whose

if TYPE_CHECKING:  # both bring DuckDB with them, which `parity check` does not need
    from pipelines.arrivals import Waiting
    from pipelines.ask import Rows
    from pipelines.backup import BackedUp
    from pipelines.custody import Kept
    from pipelines.custody.prune import Pruned
    from pipelines.deciding import Decided
    from pipelines.doctor import Finding
    from pipelines.drafting import Owner
    from pipelines.keys.rotation import Standing
    from pipelines.pages import PagesWritten
    from pipelines.publish import Release
    from pipelines.tsql import Report

_out = Console(highlight=False, soft_wrap=True)
_RULES_SHOWN = 15
_TABLES_SHOWN = 4


def line(text: str) -> None:
    """One line of text."""
    _out.print(escape(text))


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error, if that is a terminal. Call the returned function once per item."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def waiting() -> Callable[["Owner | None"], None]:
    """Says on standard error for whom a publication waits, once for each."""
    told: set[str] = set()

    def tell(owner: "Owner | None") -> None:
        from pipelines.drafting import said

        if (text := said(owner)) not in told:
            told.add(text)
            Console(stderr=True).print(f"{text} Waiting.", markup=False, highlight=False)

    return tell


def findings(found: "Sequence[Finding]") -> None:
    """What is wrong with an installation, a paragraph for each cause."""
    for each in found:
        line(f"{each.looked_at}: {each.what}")
        line(f"  {each.means}")
        line(f"  To mend it: {each.mend}")
        if each.command:
            line(f"    {each.command}")
        line("")
    line(f"{counted(len(found), 'thing')} wrong." if found else "Nothing is wrong.")


def backed_up(done: "BackedUp", to: Path) -> None:
    """What a backup did, and what it has not."""
    line(f"{to}: {done.copied:,} files copied ({done.bytes / 1e6:,.1f} MB), {done.kept:,} were there.")
    if done.removed:
        line(f"Gone from the data root, and now from there too: {counted(done.removed, 'file')}.")
    if not done.has_ledger:
        line("The ledger is on a server: back it up there, before the files (pg_dump).")
    line(f"Current release: {done.release or 'none'}. The key is not in it: keep its copy apart.")


def verdict(found: Mapping[str, Any]) -> None:
    """The outcome of one submission: first the verdict, then what to correct, by rule."""
    rows_in = sum(t["rows_in"] for t in found["tables"].values())
    accepted = sum(t["accepted"] for t in found["tables"].values())
    _out.print(f"[bold]{escape(found['submission'])}[/bold] ({escape(whose(found))}): "
               f"[bold]{found['outcome']}[/bold], "
               f"{accepted:,} of {rows_in:,} records count")  # fmt: skip
    for rule in found["rules"][:_RULES_SHOWN]:
        row = "row" if rule["records"] == 1 else "rows"
        where = (rule["table"] or "The submission") + (f" {row} {rule['rows']}" if rule["rows"] else "")
        if rule["explains"]:
            _out.print(escape(_cause(rule)))
            continue
        near = "".join(
            f" «{value}» is probably {each['code']}."
            for value, each in zip(rule["values"], rule["meant"], strict=True)
            if each
        )
        further = rule["cascade_rows"]
        is_are = "is" if further == 1 else "are"
        more = f" {counted(further, 'further row')} {is_are} rejected only because of this." if further else ""
        _out.print(
            escape(f"  {where}: {rule['message']} {rule['fix']}{near}{more} [{rule['rule_id']}, {rule['effect']}]")
        )
    left = len(found["rules"]) - _RULES_SHOWN
    if left > 0:
        _out.print(f"  … and {left} more rules; --report or --json shows all.")
    for note in found["notes"]:
        said = "; ".join(
            ": ".join(filter(None, (one["table"], one["found"]))) for one in note["found"][:_RULES_SHOWN]
        )
        _out.print(escape(f"  Note: {note['message'].removesuffix('.')}: {said}. [{note['rule_id']}]"))
    for each in found["changes"]:
        _out.print(escape(f"  Since {each['since']}: {_changed(each)}"))
    few, all_of = found["totals"]["to_correct"], found["totals"]["rejected"]
    if few and State(found["outcome"]).is_accepted:
        first = (
            "Mend what is said to be a cause, correct" if any(r["explains"] for r in found["rules"]) else "Correct"
        )
        _out.print(f"  {first} {counted(few, 'record')} and all rejections ({all_of:,}) disappear.")
    _questions(found.get("questions", ()))


def _questions(asked: Sequence[Mapping[str, Any]]) -> None:
    """What is unlike the months before, with what was answered."""
    for question in asked[:_RULES_SHOWN]:
        answer = answer_said(question)
        more = f" Answered: {answer}" if answer else ""
        _out.print(escape(f"  {question['asks']}{more} [{question['id']}, question]"))
    if len(asked) > _RULES_SHOWN:
        _out.print(f"  … and {len(asked) - _RULES_SHOWN} more questions; --report or --json shows all.")
    if any(not each["answer"] for each in asked):
        line("  A question rejects nothing. If something is missing, export again. If it is right, say so once:")
        line("  parity explain-away says how.")


def _cause(rule: Mapping[str, Any]) -> str:
    """A cause, the tables it reached and how much it explains."""
    tables = first_of(list(dict.fromkeys(each["table"] for each in rule["columns"])), _TABLES_SHOWN)
    explains = counted(rule["explains"]["findings"], "finding")
    return (
        f"  Cause in {tables}: {rule['message']} {rule['fix']} This explains {explains}. "
        f"[{rule['rule_id']}, {rule['effect']}]"
    )


def _changed(since: Mapping[str, Any]) -> str:
    """Rows and findings since an earlier submission, in a line."""
    tables = since["tables"].values()
    added, changed, gone = (sum(rows[name] for rows in tables) for name in ("added", "changed", "gone"))
    said = f"{counted(added, 'row')} added, {changed:,} changed, {gone:,} gone."
    if of := since["findings"]:
        said += (
            f" Findings: {of['new']:,} new, {of['persisting']:,} still there, {of['corrected']:,} corrected, "
            f"{of['record gone']:,} gone with the record."
        )
    return said


def load_totals(totals: Mapping[str, Any], zones: Zones) -> None:
    """The number of submissions by outcome."""
    parts = [f"{count} {state}" for state, count in sorted(totals["states"].items())]
    if totals["failed"]:
        parts.append(f"{totals['failed']} failed")
    line(f"{counted(totals['submissions'], 'submission')}: {', '.join(parts) or 'nothing to do'}"
         + (f" ({totals['repeats']} already loaded)" if totals["repeats"] else ""))  # fmt: skip
    for said in totals.get("disk", ()):
        line(said)
    if State.HELD.value in totals["states"]:
        line("What is held does not count until it is confirmed. parity status says why.")
    line(f"Site reports: {shown(zones.site_reports)}")


def released(release: "Release") -> None:
    """What is published and where."""
    news = "Published" if release["is_new"] else "Nothing has changed. Already published:"
    line(f"{news} release {release['release']} from {counted(release['submissions'], 'submission')}.")
    if release["left_out"]:
        line(
            f"Without {', '.join(release['left_out'])}: the received files are damaged, and nothing could be made "
            "of them under the new key. Load the file of each again (parity load FOLDER), then run parity publish."
        )
    if release["outdated"]:
        line(outdated(release["outdated"]))
    line(f"Warehouse: {release['warehouse']}")
    line(f"Parquet, CSV and manifest: {release['folder']}")


def outdated(number: int) -> str:
    """What to do about so many submissions that count as another version checked them."""
    return (
        f"{checked_before(number)}, and what it found stands. To check by the rules of today: "
        "parity reprocess, then parity publish."
    )


def pages(written: "PagesWritten", zones: Zones) -> None:
    """What pages were written, and which to open first."""
    if written.public:
        news = "are new" if written.is_new else "were there already"
        line(
            f"Release {written.release}: {counted(written.public_pages, 'public page')} in {written.public} {news}."
        )
    if written.inside_files:
        line(f"For services and the centre: {counted(written.inside_files, 'file')}.")
        line(f"Each service's page and digest: {shown(zones.site_reports)}/PROVIDER/")
    if written.first:
        line(f"Open first: {written.first}")


def received_files(found: "Kept") -> None:
    """How received files are kept: encrypted, or in clear."""
    if found.in_clear:
        of = counted(found.in_clear, "submission")
        line(
            f"Received files of {of} are kept in clear (mode 0600). To encrypt what arrives, set PARITY_RECIPIENT."
        )
    if found.encrypted:
        of = counted(found.encrypted, "submission")
        line(f"Received files of {of} are encrypted. Only the custodian can open them.")
    if found.left_open:
        of = counted(found.left_open, "encrypted submission")
        line(f"The files of {of} still lie open: their load was interrupted. Load them again.")


def decided(decision: "Decided") -> None:
    """What a decision came to."""
    of, submissions = decision.provider_month, ", ".join(decision.submissions)
    line(f"{of}: submission {submissions} is {decision.state.value} now.")
    line(f"Submission {decision.counts} counts." if decision.counts else "The month has no submission that counts.")
    line("The next release follows: run parity publish")


def inbox(found: "Waiting") -> None:
    """What waits in the inbox, and what there can be no submission."""
    if found.submissions:
        line(f"Inbox: {counted(found.submissions, 'submission')} to be loaded.")
    if found.strays:
        line(f"Inbox: {counted(found.strays, 'file')} beside the submissions can be no submission. Remove them.")
    if found.refused_strays:
        of = counted(found.refused_strays, "file")
        line(f"Inbox: {of} in refused/ that can be no submission. Find out which service sent it, then remove it.")


def pruned(found: "Pruned", is_dry: bool) -> None:
    """What retention removed, or would remove."""
    from pipelines.custody.retention import MEANING, Kind

    for kind, count in found.things.items():
        line(f"{count:>6,}  {found.bytes[kind] / 1e6:>9,.1f} MB  {MEANING[Kind(kind)]}")
    total = f"{counted(sum(found.things.values()), 'thing')}, {sum(found.bytes.values()) / 1e6:,.1f} MB"
    if not found.things:
        line("Nothing is due.")
    else:
        line(f"{total} can be removed: parity prune --yes" if is_dry else f"{total} removed.")
    if Kind.RECEIVED_CURRENT in found.things:
        line("Those submissions still count. They can be processed again only if the site sends them again.")


def erased(done: Mapping[str, Any]) -> None:
    """What an erasure did, and what is beyond it."""
    line(f"{counted(done['rows'], 'row')} of {counted(done['submissions'], 'submission')} erased.")
    if done["inbox"]:
        line(f"Removed from the inbox: {counted(done['inbox'], 'submission')} that had been loaded.")
    if done["deleted"]:
        of = counted(done["deleted"], "submission")
        line(f"Encrypted files deleted of {of}. They can be processed again only if the site sends them again.")
    if done["release"]:
        line(f"The current release is {done['release']}.")
    if done["emptied"]:
        line(f"Only the public figures are left of: {', '.join(done['emptied'])}.")
    line("Rows of the same people that arrive later are struck on arrival.")
    line("Not reached: backups, extracts that were given away, and free blocks of the disk.")


def keys(stands: "Standing") -> None:
    """Which keys there are, what has tokens of which, and the steps that are left."""
    line(f"Keys in {stands.where}; in use: {stands.current}")
    named = [("pseudonyms", each) for each in stands.versions.values()]
    for name, key in (*named, ("figures", stands.figures), ("erasures", stands.erasures)):
        line(f"  {name:<12} {key}")
    for key, count in sorted(stands.submissions.items()):
        line(f"Rows of {count:,} submissions: {key}")
    for key, names in sorted(stands.releases.items()):
        line(f"Releases: {key}: {', '.join(names)}")
    steps = stands.next_steps()
    for step, text in enumerate(steps, 1):
        line(f"{step}. {text}")
    if not steps:
        line("Everything has tokens of the key in use.")


def rows(answer: "Rows", output: str, null: str = "NULL") -> None:
    """Rows as a table, CSV or JSON on standard output; ``null`` is how a table shows NULL."""
    columns, values = answer
    if output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(values)
    elif output == "json":
        json.dump([dict(zip(columns, row, strict=True)) for row in values], sys.stdout, default=str, indent=1)
        sys.stdout.write("\n")
    else:
        table = Table(box=None, pad_edge=False)
        for index, column in enumerate(columns):
            is_number = any(isinstance(row[index], (int, float)) for row in values)
            table.add_column(escape(column), justify="right" if is_number else "left", overflow="fold")
        for row in values:
            # NULL, an empty text and 0 are different, and must look different.
            table.add_row(*(f"[dim]{null}[/dim]" if value is None else escape(str(value)) for value in row))
        wide(table)
        line(f"{len(values):,} row{'s' if len(values) != 1 else ''}")


def statements(report: "Report") -> None:
    """A line per statement of a script that the reader must know of, and the number of each outcome."""
    found = report.as_rows()
    for each in found:
        said = "; ".join(filter(None, (each["notes"], each["error"])))
        if each["error"] or each["outcome"] not in ("carried over", "not needed"):
            outcome = "failed" if each["error"] else each["outcome"]
            line(f"Line {each['line']}: {each['statement']} {outcome}: {said}")
    counts = Counter(each["outcome"] for each in found)
    parts = [f"{count} {outcome}" for outcome, count in sorted(counts.items())]
    failed = sum(bool(each["error"]) for each in found)
    line(f"{report.script}: {counted(len(found), 'statement')}: {', '.join(parts)}"
         + (f"; {failed} of {len(report.done)} failed when run" if report.done else ""))  # fmt: skip


def wide(table: Table) -> None:
    """Print a table at full width. The terminal may wrap a line, but nothing is cut."""
    Console(highlight=False, width=4000).print(table, crop=False)
