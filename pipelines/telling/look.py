"""One look at an installation, and telling people what it finds.

Belongs here: which looks there are, that none stops another, and the order of remembering and sending. Does not
belong here: what each finds (``pipelines.telling.months``, ``pipelines.telling.runs``).
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from pipelines import event_log
from pipelines.doctor import examine
from pipelines.ledger import Ledger, open_ledger, today_in_england
from pipelines.locks import alone
from pipelines.overseeing import oversee
from pipelines.settings import whole_number
from pipelines.telling import months, runs
from pipelines.telling.cause import Cause, Found
from pipelines.telling.channels import NotSent, Send, channels, folder
from pipelines.telling.memory import Message, read, trial
from pipelines.zones import PRIVATE, Zones
from reports.site.wording import counted

ENV_AGAIN = "PARITY_TELL_AGAIN_DAYS"
AGAIN = 7
_MEMORY = "memory.json"
# A sensor has a minute. What is not sent by then is sent at the next tick.
_SENDING = 30
# Parts of an installation of which another look tells more.
_TOLD_BY_OTHERS = ("submissions", "inbox", "expected.csv")


@dataclass(frozen=True)
class Told:
    """What a look found, the messages that it gave rise to, how many were sent, and the channels that failed."""

    causes: Sequence[Cause]
    messages: Sequence[Message]
    sent: int
    failed: dict[str, str]

    def said(self) -> str:
        """How many of each, for the log of a sensor."""
        fails = "".join(f" Failed: {name}." for name in self.failed)
        wrong = f"Wrong: {counted(len(self.causes), 'cause')}." if self.causes else "Nothing is wrong."
        return (
            f"{wrong} Sent: {counted(self.sent, 'message')}.{fails}" if self.causes or self.sent else wrong + fails
        )


def look(zones: Zones, instance: dg.DagsterInstance, is_thorough: bool = False) -> Found:
    """All that is wrong now. A look that fails is a cause itself, and keeps no other from looking.

    ``is_thorough``: also what ``pipelines.doctor`` finds, which reads every file that counts.
    """
    ledger = open_ledger(zones.ledger)
    looks: list[tuple[str, tuple[str, ...], Callable[[], Iterable[Cause] | Found]]] = [
        ("months", ("held/", "rejected/", "failed/", "window/", "unplaced/"), lambda: _months(zones, ledger)),
        ("inbox", ("strays/",), lambda: months.strays(zones)),
        ("release", ("release/",), lambda: months.release(zones, ledger.events(), today_in_england())),
        ("runs", ("run/",), lambda: runs.runs(zones, ledger, instance)),
        ("publications", ("left out/",), lambda: runs.left_out(instance)),
        ("draft", ("draft/",), lambda: runs.draft(zones, instance)),
        ("installation", ("doctor/",), lambda: _examined(zones) if is_thorough else Found([], ["doctor/"])),
    ]
    causes: list[Cause] = []
    unsure: list[str] = []
    for name, prefixes, ask in looks:
        try:
            found = ask()
            found = found if isinstance(found, Found) else Found(list(found))
        except Exception as error:
            found = Found([_blind(name, error)], prefixes)
        causes += found.causes
        unsure += found.unsure
    return Found(causes, unsure)


def tell(zones: Zones, instance: dg.DagsterInstance, is_thorough: bool = False) -> Told:
    """Look, remember what is to be told, and send it. What a channel does not take waits for the next time.

    ``is_thorough``: see ``look``. Raises schemas.errors.NotAsked if PARITY_TELL_AGAIN_DAYS is no number.
    """
    again, now = timedelta(days=whole_number(ENV_AGAIN, AGAIN)), datetime.now(UTC).replace(tzinfo=None)
    place = folder(zones)
    place.mkdir(mode=PRIVATE, exist_ok=True)
    with alone(place):
        memory, ways = read(place / _MEMORY), channels(zones)
        found = look(zones, instance, is_thorough)
        found = Found([*found.causes, *memory.failing(now)], found.unsure)
        messages = memory.decide(found, now, again)
        memory.queue(messages, ways)
        memory.write(place / _MEMORY)  # before the first is sent: what is decided is not lost
        for message in messages:
            event_log.happened("told", cause=message.cause, status=message.status)
        sent, until = 0, time.monotonic() + _SENDING
        for name, waits in memory.channels.items():
            while waits.messages and time.monotonic() < until:
                waits.failed = _not_sent(ways[name], waits.messages[0])
                waits.since = (waits.since or str(now)) if waits.failed else ""
                if not waits.failed:
                    waits.messages.pop(0)
                    sent += 1
                memory.write(place / _MEMORY)
                if waits.failed:
                    event_log.happened("channel failed", channel=name)
                    break
        return Told(found.causes, messages, sent, {n: w.failed for n, w in memory.channels.items() if w.failed})


def tried(zones: Zones) -> dict[str, str]:
    """Send a message about nothing by every channel. Says of each why it failed; nothing if it did not."""
    folder(zones).mkdir(mode=PRIVATE, exist_ok=True)
    message = trial(datetime.now(UTC))
    return {name: _not_sent(send, message) for name, send in channels(zones).items()}


def _not_sent(send: Send, message: Message) -> str:
    try:
        send(message)
    except NotSent as error:
        return str(error)
    except Exception as error:  # a channel must not stop the others; the text may quote an address
        return f"It stopped with an error ({type(error).__name__})."
    return ""


def _months(zones: Zones, ledger: Ledger) -> Iterable[Cause]:
    return months.months(oversee(zones, ledger))


def _examined(zones: Zones) -> Iterable[Cause]:
    """What is wrong with the installation, one cause a part: its own words name paths of the machine."""
    parts = {finding.looked_at: finding for finding in examine(zones.home)}
    return [
        Cause(
            f"doctor/{part}",
            f"Something is wrong with the installation: {part}",
            f"{finding.means} The command says what is wrong and what mends it.",
            ["parity doctor"],
            "It is mended.",
        )
        for part, finding in parts.items()
        if part not in _TOLD_BY_OTHERS
    ]


def _blind(name: str, error: Exception) -> Cause:
    """That a look failed: by the class of the error alone, as its text may quote anything."""
    return Cause(
        f"look/{name}",
        f"Parity could not look at: {name}",
        f"It stopped with {type(error).__name__}. Until this is mended nobody is told of what it would find. The "
        "command says what is wrong.",
        ["parity status"],
        "It can be looked at again.",
        type(error).__name__,
    )
