"""Commands of the centre for what comes in and what goes out: load, publish, extract."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, CRASHED, Json, Release, app, exit_status, print_json

On = Annotated[
    str, Parameter(help="Spark cluster that does the work: spark://host:port. Without it, this machine.")
]


@app.command(group=CENTRE)
def load(
    *paths: Path,
    as_json: Json = False,
    on: On = "",
    strict: Annotated[bool, Parameter(negative=(), help="Exit with 3 when there are warnings.")] = False,
) -> int:
    """Receive submissions and load them through Dagster. Loading the same files again changes nothing.

    Parameters
    ----------
    paths
        Submissions, or folders of submissions. Without a path: the inbox of the data root.

    """
    from pipelines.worker import for_submissions

    for_submissions.start()
    from pipelines import show
    from pipelines.arrivals import submissions
    from pipelines.run import load_paths
    from pipelines.spread import work_on
    from pipelines.zones import zones

    work_on(on)
    found = zones()
    named = [inner for path in (paths or (found.inbox,)) for inner in submissions(path, found)]
    with show.progress("Loading", len(named)) as step:
        totals = load_paths(named, found, step)
    if as_json:
        print_json(totals)
    else:
        show.load_totals(totals, found)
    return exit_status(totals["states"], strict) if not totals["failed"] else CRASHED


@app.command(group=CENTRE)
def publish(
    *,
    as_json: Json = False,
    wait: Annotated[bool, Parameter(negative=(), help="Wait for a publication that is running.")] = False,
    on: On = "",
) -> int:
    """Build the warehouse from the current submissions and publish it. If a check fails, nothing is published."""
    from pipelines import show
    from pipelines.drafting import refuse
    from pipelines.run import publish_release
    from pipelines.spread import work_on
    from pipelines.zones import zones

    work_on(on)
    released = publish_release(zones(), show.waiting() if wait else refuse)
    if as_json:
        print_json(released)
    else:
        show.released(released)
    return CLEAN


@app.command(group=CENTRE)
def extract(
    *,
    recipient: Annotated[
        str, Parameter(name="--for", help="Name of the recipient: small letters, digits, hyphens.")
    ],
    out: Annotated[Path, Parameter(help="New DuckDB file.")],
    release: Release = None,
    as_json: Json = False,
) -> int:
    """Write the warehouse for one recipient, with pseudonyms that no other file has. Its counts are exact."""
    from pipelines import show
    from pipelines.extract import extract as write_extract
    from pipelines.zones import zones

    rows = write_extract(recipient, out, zones(), release)
    if as_json:
        print_json({"recipient": recipient, "rows": rows})
    else:
        show.line(f"{out}: {len(rows)} tables, {sum(rows.values()):,} rows, for {recipient}. Its counts are exact.")
    return CLEAN
