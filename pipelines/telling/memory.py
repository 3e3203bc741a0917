"""What people were told, and what still has to reach a channel.

Belongs here: which messages a look gives rise to, and the file that remembers. Does not belong here: looking
(``pipelines.telling.look``), sending (``pipelines.telling.channels``).

A message waits in the file until its channel has taken it. So a channel that fails for a day loses nothing, and a
kill between sending and writing sends one message twice, never none. Its id is the same both times.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines import durable
from pipelines.telling.cause import Cause, Found

NEW, CHANGED, STILL, OVER = "new", "changed", "still", "over"
# A server that restarts is no news.
_FAILS_FOR = timedelta(minutes=15)


@dataclass(frozen=True)
class Message:
    """One message about one cause. ``status`` is new, changed, still or over; ``since`` and ``at`` are UTC."""

    id: str
    status: str
    cause: str
    title: str
    text: str
    do: Sequence[str]
    since: str
    at: str

    def subject(self) -> str:
        """The title, as the subject of a mail."""
        return f"Parity: {'' if self.status == NEW else f'{self.status}: '}{self.title}"

    def body(self) -> str:
        """The whole message as text."""
        do = ["", "Do:", *(f"  {command}" for command in self.do)] if self.do else []
        return "\n".join([self.title, "", self.text, *do, "", f"Since {self.since} UTC.", ""])


@dataclass
class Known:
    """A cause that people know of: since when, and when they were told last."""

    cause: Cause
    since: str
    last: str


@dataclass
class Waits:
    """A channel: the messages that it has not taken yet, why it failed, and since when it has."""

    messages: list[Message] = field(default_factory=list)
    failed: str = ""
    since: str = ""


@dataclass
class Memory:
    """The causes that are known and not over, by name, and each channel by name."""

    told: dict[str, Known] = field(default_factory=dict)
    channels: dict[str, Waits] = field(default_factory=dict)

    def decide(self, found: Found, now: datetime, again: timedelta) -> list[Message]:
        """The messages that this look gives rise to; from now on they count as told."""
        messages = []
        for cause in found.causes:
            before = self.told.get(cause.name)
            status = _status(cause, before, now, again)
            since = before.since if before else _text(now)
            told = Known(cause, since, _text(now) if before is None or status else before.last)
            if status:
                messages.append(_message(status, cause, told))
            self.told[cause.name] = told
        there = {cause.name for cause in found.causes}
        for name in self.told.keys() - there:
            if not name.startswith(tuple(found.unsure)):
                gone = self.told.pop(name)
                if gone.cause.over:
                    messages.append(_message(OVER, gone.cause, Known(gone.cause, gone.since, _text(now))))
        return sorted(messages, key=lambda each: (each.status == OVER, each.cause))

    def queue(self, messages: Iterable[Message], channels: Iterable[str]) -> None:
        """Let the messages wait for these channels. A channel that is new is told of all that is known.

        A reminder does not wait behind another message of its cause, and a channel is not told about itself.
        """
        new = list(messages)
        kept = {}
        for name in channels:
            waits = self.channels.get(name)
            if waits is None:
                waits = Waits([_message(NEW, each.cause, each) for each in self.told.values()])
            else:
                queued = {each.cause for each in waits.messages}
                waits.messages += [each for each in new if each.status != STILL or each.cause not in queued]
            waits.messages = [each for each in waits.messages if each.cause != channel_cause(name)]
            kept[name] = waits
        self.channels = kept

    def failing(self, now: datetime) -> list[Cause]:
        """A cause for each channel that has failed for a quarter of an hour."""
        return [
            Cause(
                channel_cause(name),
                f"The channel «{name}» fails",
                f"{waits.failed} Its messages wait, and are sent when it works.",
                ["parity tell --test"],
                "It works, and has all messages.",
                waits.failed,
            )
            for name, waits in self.channels.items()
            if waits.failed and now - datetime.fromisoformat(waits.since) >= _FAILS_FOR
        ]

    def write(self, path: Path) -> None:
        """Write it whole or not at all."""
        durable.write(path, json.dumps({"told": _plain(self.told), "channels": _plain(self.channels)}, indent=1))


def read(path: Path) -> Memory:
    """What ``Memory.write`` kept. Nothing if it cannot be read: then people are told again."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Memory(
            {name: Known(Cause(**of["cause"]), of["since"], of["last"]) for name, of in kept["told"].items()},
            {
                name: Waits([Message(**each) for each in of["messages"]], of["failed"], of["since"])
                for name, of in kept["channels"].items()
            },
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Memory()


def trial(now: datetime) -> Message:
    """A message that is about nothing, to try a channel."""
    cause = Cause("test", "This is a test", "Nothing is wrong. Who reads this is told when something is.", [], "")
    return _message(NEW, cause, Known(cause, _text(now), _text(now)))


def channel_cause(name: str) -> str:
    """The name of the cause that a channel fails."""
    return f"channel/{name}"


def _status(cause: Cause, before: Known | None, now: datetime, again: timedelta) -> str | None:
    if before is None:
        return NEW
    if before.cause.state != cause.state:
        return CHANGED
    return STILL if cause.is_ours and now - datetime.fromisoformat(before.last) >= again else None


def _message(status: str, cause: Cause, told: Known) -> Message:
    id_ = hashlib.sha256(json.dumps([status, cause.name, cause.state, told.since, told.last]).encode()).hexdigest()
    text, do = (cause.over, []) if status == OVER else (cause.text, cause.do)
    return Message(id_[:16], status, cause.name, cause.title, text, list(do), told.since, told.last)


def _text(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="minutes")


def _plain(of: dict[str, Any]) -> dict[str, Any]:
    return {name: asdict(each) for name, each in of.items()}
