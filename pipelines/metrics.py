"""Numbers of an installation for a monitoring system, in Prometheus's text format.

Belongs here: which numbers, and the format (its page «exposition formats», 0.0.4). Does not
belong here: what is wrong and how to mend it (``pipelines.doctor``), whom to tell (``pipelines.telling``).

They are counts, times and bytes of the whole installation. No provider, submission or value is in them.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pipelines import arrivals, durable
from pipelines.board import Word
from pipelines.ledger import Ledger, State
from pipelines.overseeing import oversee
from pipelines.zones import Zones
from warehouse.storage import size_of

_HELP = {
    "parity_submissions": "Submissions ever received, by their last outcome.",
    "parity_months": "Months of providers on the board, by how they stand.",
    "parity_months_waiting_for_release": "Months whose file is another one than in the current release.",
    "parity_last_received_timestamp_seconds": "When the last submission was received.",
    "parity_release_timestamp_seconds": "When the current release was published.",
    "parity_inbox_submissions": "Submissions in the inbox that are not loaded yet.",
    "parity_inbox_strays": "Files in the inbox that can be no submission.",
    "parity_zone_bytes": "Bytes on the disk, by folder of the data root.",
    "parity_free_bytes": "Free bytes of the disk that the data root is on.",
}
Sample = tuple[str, str, float]
"""Name of the metric, its labels as written, its value."""


def metrics(zones: Zones, ledger: Ledger) -> str:
    """All metrics as text. A state or word that nobody is in has the value 0."""
    found: dict[str, list[Sample]] = {name: [] for name in _HELP}
    for sample in _samples(zones, ledger):
        found[sample[0]].append(sample)
    return "".join(_written(name, samples) for name, samples in found.items() if samples)


def write(text: str, to: Path) -> None:
    """Write metrics to a file whole or not at all, for a collector that reads files of a folder."""
    durable.write(to, text)
    to.chmod(0o644)  # it is read by another account, and says nothing of anybody


def _samples(zones: Zones, ledger: Ledger) -> Iterator[Sample]:
    outcomes, seen, waiting = ledger.outcomes(), oversee(zones, ledger), arrivals.waiting(zones)
    yield from _by("parity_submissions", "state", State, Counter(one.state.value for one in outcomes))
    yield from _by("parity_months", "word", Word, Counter(each.word.value for each in seen.standings))
    received = [_seconds(one.receipt.received_at) for one in outcomes]
    if received:
        yield "parity_last_received_timestamp_seconds", "", max(received)
    if seen.release is not None:
        yield "parity_months_waiting_for_release", "", len(seen.release["waiting"])
        if seen.release["published_at"]:
            yield "parity_release_timestamp_seconds", "", _seconds(seen.release["published_at"])
    yield "parity_inbox_submissions", "", waiting.submissions
    yield "parity_inbox_strays", "", waiting.strays
    for folder in zones.folders:
        yield "parity_zone_bytes", _label("zone", folder.name), size_of(folder)
    yield "parity_free_bytes", "", shutil.disk_usage(zones.home).free


def _by(name: str, label: str, every: Iterable[str], counts: Mapping[str, int]) -> Iterator[Sample]:
    for each in every:
        yield name, _label(label, str(each)), counts.get(str(each), 0)


def _label(name: str, value: str) -> str:
    return f'{{{name}="{value}"}}'


def _written(name: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {_HELP[name]}", f"# TYPE {name} gauge"]
    return "\n".join([*lines, *(f"{name}{labels} {value:.15g}" for _, labels, value in samples)]) + "\n"


def _seconds(text: str) -> float:
    """Seconds since 1970 of a moment as the ledger and releases write it; without a zone it is UTC."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
