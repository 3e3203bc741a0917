"""Where a rotation of the pseudonyms' key stands: what still has tokens of which version.

Belongs here: counting rows and releases by key, the next step, and when a version may be destroyed. Does not belong
here: making and destroying keys (``keys``), processing again (``load``).
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines import keys
from pipelines.keys.store import KeyStore, KeyUnusable
from pipelines.ledger import Ledger
from pipelines.zones import Zones
from schemas.errors import NotAsked


@dataclass(frozen=True)
class Standing:
    """Keys by fingerprint: those that exist, and what was made with which.

    ``versions`` are fingerprints of the pseudonyms' keys that exist, by version. ``figures`` and ``erasures`` are
    those of the keys that outlast a rotation. ``submissions`` says how many current submissions have the tokens
    of a key. ``releases`` names releases by the key of their tokens.
    """

    where: str
    versions: Mapping[int, str]
    figures: str
    erasures: str
    submissions: Mapping[str, int]
    releases: Mapping[str, tuple[str, ...]]

    @property
    def current(self) -> str:
        """The fingerprint of the key in use."""
        return self.versions[max(self.versions)]

    def next_steps(self) -> list[str]:
        """What is left to do, in order, as commands; empty when everything has tokens of the current key."""
        steps = []
        if self.submissions and set(self.submissions) != {self.current}:
            steps.append("parity reprocess")
        if steps or (self.submissions and self.current not in self.releases):
            steps.append("parity publish")
        old = sorted(name for key, names in self.releases.items() if key != self.current for name in names)
        if old:
            steps.append(f"Remove the releases with earlier tokens, when nobody needs them: {', '.join(old)}.")
        earlier = sorted(self.versions)[:-1]
        return [*steps, *(f"parity keys retire {version}" for version in earlier)]


def standing(store: KeyStore, zones: Zones, ledger: Ledger) -> Standing:
    """Where the keys stand. Raises KeyUnusable if a key is missing or cannot be trusted."""
    if not (there := keys.versions(store)):
        raise KeyUnusable(f"There is no key in {store.where()}. Restore it, or make one with `parity keys new`.")
    outcomes = ledger.current_submissions()
    releases: dict[str, tuple[str, ...]] = {}
    for folder in zones.release_folders:
        if (manifest := folder / "manifest.json").exists():
            key = json.loads(manifest.read_text(encoding="utf-8")).get("key", "unknown")
            releases[key] = (*releases.get(key, ()), folder.name)
    return Standing(
        store.where(),
        {version: keys.fingerprint(keys.spine_key(version)) for version in there},
        keys.fingerprint(keys.disclosure_key()),
        keys.fingerprint(keys.tombstone_key()),
        dict(Counter(outcome.detail.get("key", "unknown") for outcome in outcomes)),
        releases,
    )


def retire(store: KeyStore, version: int, zones: Zones, ledger: Ledger) -> None:
    """Destroy an earlier version of the key. Raises NotAsked while rows that count have its tokens."""
    found = standing(store, zones, ledger)
    rows = found.submissions.get(found.versions.get(version, ""), 0)
    if rows and found.versions[version] != found.current:
        raise NotAsked(
            f"Submissions that count and still have tokens of version {version}: {rows:,}. Run parity "
            "reprocess first."
        )
    keys.retire(store, version)
