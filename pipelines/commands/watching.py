"""The command of a site that checks by itself: watch.

Belongs here: the loop, and what is printed of each check. Does not belong here: what lies still and what a check
leaves (``pipelines.watching``).
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pipelines.commands.app import CLEAN, SITE, app, as_meant, exit_status, require
from schemas.errors import ForThePerson

if TYPE_CHECKING:  # it brings Polars, which `parity --help` does not need
    from pipelines.watching import Watch


@app.command(group=SITE)
def watch(
    folder: Path,
    *,
    report: Annotated[
        Path | None, Parameter(help="Folder for the reports. Without it each lies beside its submission.")
    ] = None,
    every: Annotated[int, Parameter(help="Seconds from one look to the next.")] = 5,
    once: Annotated[bool, Parameter(negative=(), help="Check what is there, then end.")] = False,
) -> int:
    """Check every submission that is put into a folder, and again when it changes.

    A submission is checked when two looks find it unchanged. Its report is in a folder beside it, with the same
    name and «_report» at its end. Ctrl-C ends it. With --once the exit status is that of the submissions checked.

    Parameters
    ----------
    folder
        The folder to watch, on this computer or on a network drive.

    """
    from pipelines.worker import for_submissions

    folder, report = as_meant(folder), as_meant(report) if report else None
    require(folder.is_dir(), "There is no such folder. Name the folder into which you put your submissions.")
    require(every >= 1, "--every is a number of seconds from 1.")
    for_submissions.start()
    from pipelines import show
    from pipelines.watching import Watch

    drop = Watch(folder, report)
    try:
        if once:
            drop.look()
            time.sleep(every)
            return exit_status(_look(drop, True) or (), strict=False)
        show.line("Watching. Put a submission into the folder: its report appears beside it. Ctrl-C ends this.")
        is_reached = True
        while True:
            is_reached = _look(drop, is_reached) is not None
            time.sleep(every)
    except KeyboardInterrupt:
        show.line("Stopped. The reports that are there are complete.")
        return CLEAN


def _look(drop: "Watch", was_reached: bool) -> list[str] | None:
    """Look once, check what is ready and print it. Gives the outcomes; ``None`` if the folder cannot be reached."""
    from pipelines import show

    found = drop.look()
    if not found.is_reached:
        if was_reached:
            show.line("The folder cannot be reached. Parity keeps looking.")
        return None
    if not was_reached:
        show.line("The folder is there again.")
    return [outcome for path in found.ready if (outcome := _checked(drop, path))]


def _checked(drop: "Watch", path: Path) -> str | None:
    """Check one submission and print its verdict. Gives its outcome; ``None`` if there is none."""
    from pipelines import show
    from pipelines.inbox import shown_name

    name = shown_name(path)
    try:
        done = drop.check(path)
    except ForThePerson as error:
        show.line(f"{name}: {error}")
        return None
    except OSError:
        show.line(f"{name}: the report cannot be written. Name a folder that you may write to with --report.")
        return None
    if done is None:
        show.line(f"{name} changed while it was read. It is checked again when it lies still.")
        return None
    show.verdict({"submission": name, **done.verdict})
    show.line("  Open report.html in the folder with the same name and _report at its end.")
    for file, stand_in in done.in_use.items():
        show.line(f"  {file} is open in another program. The new one is {stand_in}.")
    return str(done.verdict["outcome"])
