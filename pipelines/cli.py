"""The command line: `parity`.

Belongs here: running a command, and what a user reads when it fails. Does not belong here: the commands
(``pipelines.commands``), the work itself. Dagster and other heavy libraries are imported inside the commands that
need them. So `parity --help` starts in a fraction of a second, and `parity check` never imports Dagster.
"""

import sys
from io import TextIOWrapper

from cyclopts import CycloptsError

from pipelines import event_log
from pipelines.acting import acting_as
from pipelines.commands import (  # noqa: F401  (importing them adds their commands)
    analyst,
    centre,
    custody,
    deciding,
    explaining,
    history,
    importing,
    incentives,
    keys,
    ledger,
    overseeing,
    pages,
    planning,
    serving,
    site,
    supplying,
    telling,
    trying,
    upkeep,
    watching,
)
from pipelines.commands.app import CLEAN, CRASHED, USAGE, app
from pipelines.disk import trouble
from pipelines.zones import closed
from schemas.errors import ForThePerson


def main() -> None:
    """Run a command. An error is one message on standard error and an exit status."""
    for stream in (sys.stdout, sys.stderr):
        # Windows redirects output in 256 characters, and a name of a file or element may have another one.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    command = arguments[0] if arguments and arguments[0] in app else ""
    if command:  # nothing else of a command line is written anywhere
        acting_as.set(f"parity {command}")
    with event_log.ending(f"parity {command}".strip()) as told:
        status, error = _ended(arguments)
        told |= {"exit_status": status, "error": error}
        return status


def _ended(arguments: list[str]) -> tuple[int, str]:
    """The exit status of a command, and the class of the error that ended it."""
    try:
        event_log.check()
        status = app(arguments, exit_on_error=False, print_error=True)
    except CycloptsError as error:
        return USAGE, type(error).__name__
    except KeyboardInterrupt:
        stopped = "Stopped. Finished work is kept. Run the same command again to continue."
        return _say(stopped, CRASHED), KeyboardInterrupt.__name__
    except BrokenPipeError:
        return CLEAN, ""
    except Exception as error:
        return _explain(error), type(error).__name__
    finally:
        while closed:
            _say(closed.pop(0), CLEAN)
    return status if isinstance(status, int) else CLEAN, ""


def _explain(error: Exception) -> int:
    """Show our own errors as sentences for the user. Show only the class of any other error."""
    if isinstance(error, ForThePerson):
        return _say(str(error), error.exit_status)
    if found := trouble(error):
        return _say(f"{found.said()} The published warehouse is unchanged.", CRASHED, error)
    return _say(
        f"Parity stopped with an error ({type(error).__name__}). The published warehouse is unchanged. To see "
        "where, set PARITY_DEBUG=1. Do not share that output: it may show records.",
        CRASHED,
        error,
    )


def _say(message: str, code: int, error: Exception | None = None) -> int:
    import os
    import traceback

    print(f"parity: {message}", file=sys.stderr)  # noqa: T201  the one place that writes plain text
    if error is not None and os.environ.get("PARITY_DEBUG"):
        traceback.print_exception(error)
    return code
