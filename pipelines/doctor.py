"""What is wrong with an installation, and how to mend it.

Belongs here: what is looked at, in which order, and the words for it. Does not belong here: the checks that other
modules make for themselves (``modes``, ``row_sums``, ``ledger``, ``keys`` …), which are asked here; what sites have
sent and not sent (``pipelines.board``).

Each finding is one cause, with what it means and one way to mend it. A test makes every cause, does what the
finding says, and looks again.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from pipelines import arrivals, custody, expecting, kept, keys, publish, row_sums, store
from pipelines.ask import release_name
from pipelines.custody.prune import OF_DAGSTER, prune
from pipelines.disk import trouble
from pipelines.ledger import Ledger, Outcome, State, open_ledger
from pipelines.locks import is_left
from pipelines.outdated import outdated
from pipelines.zones import Zones, data_root, shown, zones
from reports.site.wording import checked_before, counted, first_of
from schemas.errors import ForThePerson
from schemas.gate import A_SUBMISSION

# A publication writes a draft and a release beside the current one, which are about as large as it is.
_ROOM = 1_000_000_000
_RELEASES_OF_ROOM = 3
# The daemon says every 30 s that it lives; Dagster itself calls it dead after 5 minutes.
_DAEMON_SILENT = timedelta(minutes=5)
# Clocks of two machines that are kept right differ by seconds.
_CLOCK = timedelta(minutes=10)
# `daily_pruning` may have missed one night.
_PRUNED_WITHIN = timedelta(days=2)
_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One cause. ``looked_at`` is the part of the installation, ``means`` what follows from it.

    ``mend`` says in words what to do, ``command`` is the command of it; empty where none of ours mends it.
    """

    looked_at: str
    what: str
    means: str
    mend: str
    command: str = ""


class Installation:
    """A data root as the checks see it. Raises what the first look at it raises."""

    def __init__(self, root: Path) -> None:
        self.zones: Zones = zones(root)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        return open_ledger(self.zones.ledger)

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """The latest outcome of every receipt."""
        return self.ledger.outcomes()

    @cached_property
    def counting(self) -> list[Outcome]:
        """The submissions that count today."""
        return self.ledger.current_submissions()


def examine(home: Path | None = None) -> list[Finding]:
    """Everything that is wrong with the data root, the most serious first; empty if nothing is.

    Looking changes nothing but what every command mends by itself: modes of our own files, runs whose process is
    gone. Where the data root or the ledger cannot be used at all, what depends on it is not looked at.
    """
    root = data_root(home)
    if not root.is_dir():
        return [
            Finding(
                "data root",
                f"There is no data root at {shown(root)}.",
                "Nothing was loaded here, or PARITY_HOME names another place.",
                "Set PARITY_HOME to the folder with the data. A new one is made by the first load.",
            )
        ]
    try:
        of = Installation(root)
    except ForThePerson as error:
        return [Finding("data root", str(error), "No command works until then.", "Do what the message says.")]
    found: list[Finding] = []
    for name, look, stops in _CHECKS:
        found += _looked(name, look, of)
        if stops and found:
            break
    return found


def _looked(name: str, look: Callable[[Installation], Iterator[Finding]], of: Installation) -> list[Finding]:
    try:
        return list(look(of))
    except ForThePerson as error:
        return [
            Finding(name, str(error), "What depends on it does not work until then.", "Do what the message says.")
        ]
    except Exception as error:  # a doctor that stops at the first fault says nothing of the others
        what = said.said() if (said := trouble(error)) else f"It could not be looked at ({type(error).__name__})."
        return [Finding(name, what, "Something else may be wrong there.", "Set PARITY_DEBUG=1 to see where.")]


def _ledger_is_there(of: Installation) -> Iterator[Finding]:
    if of.zones.received_folders() and not of.outcomes:
        yield Finding(
            "ledger",
            "The ledger is empty, and received/ has submissions.",
            "The ledger was lost, or PARITY_DATABASE names another database. Nothing counts.",
            "If the database is the right one, make the ledger again.",
            "parity ledger rebuild",
        )


def _ledger_holds(of: Installation) -> Iterator[Finding]:
    from pipelines.ledger import LedgerBroken

    try:
        of.ledger.verify(publish.noted_in_releases(of.zones), in_full=True)
    except LedgerBroken as error:
        yield Finding(
            "ledger",
            str(error),
            "Nothing is published until then.",
            "If nothing was loaded or decided since the last backup, restore ledger.sqlite and ledger.head from "
            "it. Else move both away and make it again: a backup would lose what came since.",
            "parity ledger rebuild",
        )


def _ledger_knows_all(of: Installation) -> Iterator[Finding]:
    known = {one.receipt.submission_id for one in of.outcomes}
    unknown = [
        each for each in of.zones.received_folders() if each.name not in known and (each / kept.SOURCE).exists()
    ]
    if unknown:
        yield Finding(
            "ledger",
            f"The ledger does not know {counted(len(unknown), 'submission')} in received/.",
            "The ledger is older than they are, as after a restore from a backup. They do not count.",
            "Move ledger.sqlite and ledger.head away and make the ledger again.",
            "parity ledger rebuild",
        )


def _key_is_there(of: Installation) -> Iterator[Finding]:
    if of.counting and not keys.key_store().names():
        yield Finding(
            "key",
            f"There is no key in {keys.key_store().where()}.",
            "Nothing can be loaded or published. With another key the same person gets other pseudonyms.",
            "Restore the key from its copy. If it is lost for good, make a new one, then reprocess and publish.",
            "parity keys new",
        )


def _rows_are_of_the_key(of: Installation) -> Iterator[Finding]:
    if not keys.key_store().names():
        return
    today = keys.fingerprint(keys.spine_key())
    others = [one for one in of.counting if one.detail.get("key") != today]
    damaged = set(publish.left_out(of.zones, of.ledger)) if len(others) < len(of.counting) else set()
    if waiting := [name for name in map(_month, others) if name not in damaged]:
        yield Finding(
            "key",
            f"{counted(len(waiting), 'submission')} that count have pseudonyms of another key than that of today.",
            "Nothing is published until then: the same person would count twice.",
            "If the key of today is the right one, process them again. Else restore the right one.",
            "parity reprocess",
        )


def _received_files(of: Installation) -> Iterator[Finding]:
    having = [one for one in of.counting if custody.has_files(one)]
    folders = [of.zones.received / one.receipt.submission_id for one in having]
    damaged = [_month(one) for one, at in zip(having, folders, strict=True) if not kept.is_as_received(at)]
    if damaged:
        yield Finding(
            "received files",
            f"Kept files are no longer those received: {first_of(damaged, _NAMED)}.",
            "What counts of them counts on. They cannot be processed again, and a new key leaves them out.",
            "Load the same files again, from the site if need be. Then have the disk checked.",
            "parity load PATH",
        )


def _rows(of: Installation) -> Iterator[Finding]:
    places = [store.rows_of(one.receipt.submission_id, one.detail, of.zones) for one in of.counting]
    broken = [_month(one) for one, place in zip(of.counting, places, strict=True) if not row_sums.are_whole(place)]
    if broken:
        yield Finding(
            "pseudonymised rows",
            f"Rows are missing or are no longer those that were written: {first_of(broken, _NAMED)}.",
            "Nothing is built from them.",
            "Make them again from the received files. Then have the disk checked.",
            f"parity reprocess {broken[0]}" if len(broken) == 1 else "parity reprocess",
        )


def _outdated(of: Installation) -> Iterator[Finding]:
    if found := outdated(of.zones, of.counting):
        yield Finding(
            "rules",
            f"{checked_before(len(found))}.",
            "What it found stands. `parity plan` says what the rules of today would change.",
            "Process them again, then publish.",
            "parity reprocess",
        )


def _unfinished(of: Installation) -> Iterator[Finding]:
    begun = [
        one
        for one in of.outcomes
        if one.state in (State.RECEIVED, State.FAILED) and not one.receipt.is_attempt and custody.has_files(one)
    ]
    left = [_month(one) for one in begun if is_left(of.zones.received / one.receipt.submission_id)]
    if left:
        yield Finding(
            "submissions",
            f"{counted(len(left), 'submission')} received and not finished: {first_of(left, _NAMED)}.",
            "A process was killed, or ended by an error. They do not count.",
            "Process them again.",
            "parity reprocess",
        )


def _inbox(of: Installation) -> Iterator[Finding]:
    if strays := arrivals.strays(of.zones):
        yield Finding(
            "inbox",
            f"{counted(len(strays), 'file')} in the inbox can be no submission.",
            "They are not loaded. The others are.",
            f"Remove them, or make a submission of them: {A_SUBMISSION}.",
        )


def _warehouse(of: Installation) -> Iterator[Finding]:
    if not of.zones.release_folders:
        return
    try:
        is_there = of.zones.warehouse.exists() and (of.zones.releases / release_name(of.zones)).is_dir()
    except Exception:  # whatever DuckDB says of a file that is none
        is_there = False
    if not is_there:
        yield Finding(
            "warehouse",
            f"{shown(of.zones.warehouse)} is missing, damaged, or of no release.",
            "Analysts and pages have nothing to read.",
            "Delete the file if it is there, and publish again.",
            "parity publish",
        )


def _dagster(of: Installation) -> Iterator[Finding]:
    if not any(of.zones.dagster.iterdir()):
        return
    from dagster import DagsterInstance
    from dagster._core.scheduler.instigation import InstigatorStatus

    from pipelines.dagster_home import instance

    with instance(of.zones) as found:
        assert isinstance(found, DagsterInstance)
        is_on = any(each.status is InstigatorStatus.RUNNING for each in found.all_instigator_state())
        heard = [status.timestamp for beats in [found.get_daemon_heartbeats()] for status in beats.values()]
    silent = now().timestamp() - max(heard, default=0)
    if is_on and silent > _DAEMON_SILENT.total_seconds():
        yield Finding(
            "Dagster",
            "A sensor or schedule is switched on, and the daemon does not run.",
            "Nothing that arrives is loaded by itself, and nothing is published on its day.",
            "Start it, or have systemd start it (deploy/).",
            "parity serve",
        )


def _room(of: Installation) -> Iterator[Finding]:
    size = of.zones.warehouse.stat().st_size if of.zones.warehouse.exists() else 0
    needed, free = max(_ROOM, _RELEASES_OF_ROOM * size), shutil.disk_usage(of.zones.home).free
    if free < needed:
        yield Finding(
            "disk",
            f"{free / 1e9:.1f} GB are free where the data root is. A publication may need {needed / 1e9:.1f} GB.",
            "A full disk stops loading and publishing. The published release stays.",
            "Remove what has been kept for long enough, or make room.",
            "parity prune --yes",
        )


def _retention(of: Installation) -> Iterator[Finding]:
    # What falls due by day goes at night, and what Dagster keeps is not about people.
    due = prune(of.zones, of.ledger, now() - _PRUNED_WITHIN, is_dry=True).things
    if about_people := sum(number for kind, number in due.items() if kind not in OF_DAGSTER):
        yield Finding(
            "retention",
            f"{counted(about_people, 'thing')} kept for longer than retention says.",
            "Data about people is kept for longer than was decided.",
            "Look first (`parity prune`), then remove it.",
            "parity prune --yes",
        )


def _expected(of: Installation) -> Iterator[Finding]:
    expecting.listed(of.zones)
    yield from ()


def _clock(of: Installation) -> Iterator[Finding]:
    last = max((one.receipt.at.replace(tzinfo=UTC) for one in of.outcomes), default=None)
    if last is not None and last > (today := now()) + _CLOCK:
        yield Finding(
            "clock",
            f"The clock says {today:%Y-%m-%d %H:%M} UTC. A submission was received at {last:%Y-%m-%d %H:%M} UTC.",
            "Windows are judged by the day of receipt, and the order of receipt by the ledger.",
            "Set the clock of this machine.",
        )


def now() -> datetime:
    """The time by the clock of this machine (UTC)."""
    return datetime.now(UTC)


def _month(outcome: Outcome) -> str:
    """Provider and month as a command takes them, or the id of what has neither."""
    return outcome.provider_month.as_typed if outcome.provider_month else outcome.receipt.submission_id


# What is looked at, in order, and whether the rest depends on it.
_CHECKS: tuple[tuple[str, Callable[[Installation], Iterator[Finding]], bool], ...] = (
    ("ledger", _ledger_is_there, True),
    ("ledger", _ledger_holds, True),
    ("ledger", _ledger_knows_all, True),
    ("key", _key_is_there, True),
    ("key", _rows_are_of_the_key, False),
    ("received files", _received_files, False),
    ("pseudonymised rows", _rows, False),
    ("submissions", _unfinished, False),
    ("rules", _outdated, False),
    ("inbox", _inbox, False),
    ("warehouse", _warehouse, False),
    ("Dagster", _dagster, False),
    ("disk", _room, False),
    ("retention", _retention, False),
    ("expected.csv", _expected, False),
    ("clock", _clock, False),
)
