"""What all commands share: the application, its groups, exit statuses, and how output is printed.

Belongs here: what two or more modules of commands use. Does not belong here: a command.
"""

import json
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Group, Parameter

from schemas.errors import NotAsked
from schemas.month import parse_month

CLEAN, CRASHED, USAGE, WARNINGS, RECORDS_REJECTED, FILE_REJECTED, HELD = range(7)

_EPILOGUE = """
Exit status: 0 clean · 1 error in Parity · 2 wrong command · 3 warnings (with --strict) · 4 records rejected, or
statements not carried over · 5 file rejected · 6 held until confirmed

The data root is `PARITY_HOME` (default `var/`). The path of the pseudonym key is `PARITY_KEY_FILE`
(default `~/.config/parity/pseudonym.key`). Or `PARITY_KEY` names a key in a token (`pkcs11:…`).
"""

app = App(
    name="parity",
    help="Check, load and compare outcomes of psychological therapies." + "\n" + _EPILOGUE,
    version=lambda: version("parity"),
    version_flags=["--version"],
    result_action="return_value",
)
SITE, CENTRE, ANALYST, TRY = (
    Group("A site", sort_key=1),
    Group("The centre", sort_key=2),
    Group("An analyst", sort_key=3),
    Group("Trying it out", sort_key=4),
)
Json = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON on standard output.")]
Release = Annotated[str | None, Parameter(help="Name of a release, instead of the current one.")]


def require(condition: bool, message: str) -> None:
    """Raise NotAsked with ``message`` unless ``condition`` holds."""
    if not condition:
        raise NotAsked(message)


def require_folder(out: Path) -> None:
    """Raise NotAsked if ``out``, a folder to write to, is a file."""
    require(out.is_dir() or not out.exists(), f"{out} is a file; name a folder.")


def month_of(text: str, option: str = "--start") -> date:
    """The first day of a month written as YYYY-MM. Raises NotAsked, naming ``option``."""
    try:
        return parse_month(text)
    except ValueError:
        raise NotAsked(f"{option} {text!r} is not a month as YYYY-MM, such as 2025-04.") from None


def provider_of(text: str) -> str:
    """The code of a provider as records have it, however it was typed: «rxt » is RXT."""
    return text.strip().upper()


def as_meant(path: Path) -> Path:
    """The path that a person meant. Of a quoted folder with a backslash at its end, Windows hands over the last
    quotation mark as a part of the name.
    """
    return Path(str(path).rstrip('"')) if str(path).endswith('"') and not path.exists() else path


def exit_status(states: Any, strict: bool) -> int:
    """The exit status of a command on submissions, by their worst state. ``strict``: warnings have one too."""
    from pipelines.batch import worst_state
    from pipelines.ledger import State

    codes = {State.FILE_REJECTED: FILE_REJECTED, State.HELD: HELD, State.ACCEPTED_WITH_REJECTIONS: RECORDS_REJECTED}
    worst = worst_state(states)
    if worst is State.ACCEPTED_WITH_WARNINGS:
        return WARNINGS if strict else CLEAN
    return codes.get(worst, CLEAN) if worst else CLEAN


def print_json(value: Any) -> None:
    """Print ``value`` as JSON on standard output: in UTF-8, and in ASCII where the console has another encoding."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    json.dump(value, sys.stdout, indent=1, ensure_ascii=not is_utf8, default=str)
    sys.stdout.write("\n")
