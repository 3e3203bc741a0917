"""Commands of the centre for the installation itself: doctor, backup, metrics."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, WARNINGS, Json, app, print_json


@app.command(group=CENTRE)
def doctor(*, as_json: Json = False) -> int:
    """Say what is wrong with this installation and how to mend it. Exit status 3 if something is."""
    from dataclasses import asdict

    from pipelines import show
    from pipelines.doctor import examine

    found = examine()
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        show.findings(found)
    return WARNINGS if found else CLEAN


@app.command(group=CENTRE)
def backup(to: Path, *, as_json: Json = False) -> int:
    """Copy the data root to a folder that can take its place. It may be used meanwhile. The key is not in it.

    Parameters
    ----------
    to
        A new folder, or one with an earlier backup: that is brought up to date.

    """
    from dataclasses import asdict

    from pipelines import show
    from pipelines.backup import backup as copied
    from pipelines.zones import zones

    done = copied(zones(), to)
    if as_json:
        print_json(asdict(done))
    else:
        show.backed_up(done, to)
    return CLEAN


@app.command(group=CENTRE)
def metrics(
    *, out: Annotated[Path | None, Parameter(help="File to write, instead of standard output.")] = None
) -> int:
    """Print numbers of this installation for a monitoring system, in Prometheus's text format."""
    from pipelines.ledger import open_ledger
    from pipelines.metrics import metrics as numbers
    from pipelines.metrics import write
    from pipelines.zones import zones

    root = zones()
    text = numbers(root, open_ledger(root.ledger))
    if out is None:
        print(text, end="")  # noqa: T201  as it is, for a program
    else:
        write(text, out)
    return CLEAN
