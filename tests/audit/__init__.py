"""What Parity is made of, and what is known against it: ``make audit``.

Belongs here: the list of components (SBOM), asking for advisories, and saying plainly when nobody could be asked. The
two tools have an environment and a lock of their own (``audit.lock``): they are no part of Parity. ``make audit`` runs
it; pytest only asks how an answer is judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOTHING_KNOWN, FOUND, NOT_ASKED = 0, 1, 3


@dataclass(frozen=True)
class Advice:
    """What the advisory service said: known vulnerabilities, and the components that it gave no answer about."""

    found: tuple[str, ...]
    unanswered: tuple[str, ...]
    asked: int

    @property
    def status(self) -> int:
        """The exit status: a known vulnerability weighs more than an answer that is missing."""
        if self.found:
            return FOUND
        return NOT_ASKED if self.unanswered or not self.asked else NOTHING_KNOWN


def advice(answer: Mapping[str, Any]) -> Advice:
    """Judge the JSON of pip-audit.

    It ends with «no known vulnerabilities» and 0 when a service knows none of the components, as a mirror without
    advisories does. Such a component was not asked about.
    """
    components = answer["dependencies"]
    return Advice(
        tuple(
            f"{each['name']} {each['version']}: {one['id']}, mended in {', '.join(one['fix_versions']) or 'no version'}"
            for each in components
            for one in each.get("vulns", ())
        ),
        tuple(each["name"] for each in components if "vulns" not in each),
        len(components),
    )


def differing(components: Mapping[str, str], lock: str) -> list[str]:
    """Components (name: version) that are not in the lock with this version, as PyPI spells names."""
    pinned = {line.split(" ")[0] for line in lock.splitlines() if "==" in line and not line.startswith(" ")}
    return sorted(
        f"{name} {version}"
        for name, version in components.items()
        if f"{name.lower().replace('_', '-').replace('.', '-')}=={version}" not in pinned
    )
