"""Write the list of components and ask for advisories: ``python -m tests.audit TOOLS OUT``.

``TOOLS`` is the folder with ``cyclonedx-py`` and ``pip-audit``. Ends with 0 when nothing is known against any component,
1 when something is or the list is not what the lock says, 3 when no service answered about each of them.
"""

import json
import subprocess
import sys
from pathlib import Path

from tests.audit import FOUND, NOT_ASKED, Advice, advice, differing

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
# Parity itself is in no lock; pip and setuptools make the environment, and uv resolves the lock (``make lock``).
OURS = {"parity", "pip", "setuptools", "uv"}


def listed(tools: Path, out: Path) -> dict[str, str]:
    """Write the list of components (CycloneDX, JSON) of this environment to ``out``. Returns name and version."""
    subprocess.run(
        [str(tools / "cyclonedx-py"), "environment", "--pyproject", str(ROOT / "pyproject.toml"), "--of", "JSON",
         "--output-reproducible", "-o", str(out), sys.executable],
        check=True,
    )  # fmt: skip
    components = json.loads(out.read_text(encoding="utf-8"))["components"]
    return {each["name"]: each["version"] for each in components if each["name"] not in OURS}


def asked(tools: Path, service: str) -> Advice | None:
    """The advisories of a service for everything in the lock; none if it cannot be reached."""
    ran = subprocess.run(
        [str(tools / "pip-audit"), "--require-hashes", "--disable-pip", "-r", str(LOCK), "-s", service, "-f", "json",
         "--progress-spinner", "off", "--timeout", "20"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return advice(json.loads(ran.stdout)) if ran.stdout.strip().startswith("{") else None


def main() -> int:
    """Print what was found."""
    tools, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.parent.mkdir(parents=True, exist_ok=True)
    components = listed(tools, out)
    print(f"{len(components)} components: {out}")
    if other := differing(components, LOCK.read_text(encoding="utf-8")):
        print(f"Not in requirements.lock in this version: {', '.join(other)}. Make the environment anew.")
        return FOUND
    for service in ("pypi", "osv"):
        said = asked(tools, service)
        if said is None or (said.status == NOT_ASKED and service == "pypi"):
            continue
        for line in said.found:
            print(line)
        if not said.unanswered:
            print(f"{len(said.found)} known vulnerabilities in {said.asked} components ({service}).")
            return said.status
        if said.found:
            return FOUND
    print(
        "Whether anything is known against them could not be asked: no advisory service answered about all of them."
    )
    return NOT_ASKED


if __name__ == "__main__":
    sys.exit(main())
