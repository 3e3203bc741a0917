"""One step of a benchmark in a process of its own, so that its peak memory and its processor seconds are its own.

Belongs here: starting the process and reading what it measured. Does not belong here: the steps.
"""

import json
import subprocess
import sys
from typing import Any


def step(module: str, name: str, *arguments: object) -> dict[str, Any]:
    """Run ``python -m benchmarks.MODULE NAME ARGUMENTS``; its last line is JSON. Ends this process if it fails."""
    command = [sys.executable, "-m", f"benchmarks.{module}", name, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
