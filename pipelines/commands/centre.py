"""Commands of the centre: load, publish, status, published, reference, extract."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, CRASHED, Json, app, exit_status, print_json


@app.command(group=CENTRE)
def load(
    *paths: Path,
    as_json: Json = False,
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
    from pipelines.inbox import find_submissions
    from pipelines.run import load_paths
    from pipelines.zones import zones

    found = zones()
    submissions = [inner for path in (paths or (found.inbox,)) for inner in find_submissions(path)]
    with show.progress("Loading", len(submissions)) as step:
        totals = load_paths(submissions, found, step)
    if as_json:
        print_json(totals)
    else:
        show.load_totals(totals, found)
    return exit_status(totals["states"], strict) if not totals["failed"] else CRASHED


@app.command(group=CENTRE)
def publish(*, as_json: Json = False) -> int:
    """Build the warehouse from the current submissions and publish it. If a check fails, nothing is published."""
    from pipelines import show
    from pipelines.run import publish_release
    from pipelines.zones import zones

    released = publish_release(zones())
    if as_json:
        print_json(released)
    else:
        show.released(released)
    return CLEAN


@app.command(group=CENTRE)
def status(
    *,
    months: Annotated[int, Parameter(help="Months in the table.")] = 12,
    page: Annotated[bool, Parameter(negative=(), help="Write it as a page, too.")] = False,
    as_json: Json = False,
) -> int:
    """Show how every expected month of every provider stands, whom to write to, and what moved."""
    from dataclasses import asdict

    from pipelines import attempts, custody, show, show_board
    from pipelines.ledger import open_ledger
    from pipelines.overseeing import oversee, write_board
    from pipelines.zones import shown, zones

    root = zones()
    ledger = open_ledger(root.ledger)
    attempts.settle(root, ledger)
    seen = oversee(root, ledger)
    files = custody.kept(root)
    if page:
        written = write_board(seen, root, months)
    if as_json:
        print_json({**seen.as_json(), "received_files": asdict(files)})
        return CLEAN
    show_board.board(seen, root, months)
    show.received_files(files)
    if page:
        show.line(f"Page: {shown(written)}")
    return CLEAN


@app.command(group=CENTRE)
def mails(provider: str | None = None) -> int:
    """Print a text to mail for every provider of which something is missing. Parity sends nothing.

    Parameters
    ----------
    provider
        Only the one to this provider.

    """
    from pipelines import show
    from pipelines.ledger import open_ledger
    from pipelines.overseeing import oversee
    from pipelines.zones import zones

    root = zones()
    seen = oversee(root, open_ledger(root.ledger))
    found = [each for each in seen.chase if provider is None or each.provider == provider.upper()]
    for each in found:
        show.line(f"{each.text}\n\n{'-' * 72}")
    if not found:
        show.line("Nothing is missing." if provider is None else f"Nothing of {provider.upper()} is missing.")
    return CLEAN


@app.command(group=CENTRE)
def published(path: Path) -> int:
    """Import NHS England's published annual statistics. The next release has them in schema `published`.

    Parameters
    ----------
    path
        Folder with measures_annual.parquet and, if available, its companion files.

    """
    from pipelines import show
    from pipelines.zones import zones
    from warehouse.published import normalise_published

    rows = normalise_published(path, zones().published)
    show.line(", ".join(f"{name}: {count:,} rows" for name, count in rows.items()))
    return CLEAN


@app.command(group=CENTRE)
def reference(path: Path, *, as_json: Json = False) -> int:
    """Import reference files: organisations, successors, deprivation, populations, changes of process.

    They replace all earlier ones.

    Parameters
    ----------
    path
        Folder with files in ODS layout (etr.csv, ets.csv, eccg.csv, eauth.csv, succ.csv …), providers.parquet,
        deprivation.csv or another of ours. Or one such file.

    """
    from dataclasses import asdict

    from pipelines import show
    from pipelines.zones import zones
    from warehouse.organisations.importing import take_reference

    taken = take_reference(path, zones().reference)
    if as_json:
        print_json(asdict(taken))
    else:
        show.line(", ".join(f"{name}: {count:,} rows" for name, count in taken.rows.items()))
        for note in taken.notes:
            show.line(f"Note: {note}")
        show.line("The next release will use them: run parity publish" if taken.is_new else "Nothing has changed.")
    return CLEAN


@app.command(group=CENTRE)
def extract(
    *,
    recipient: Annotated[
        str, Parameter(name="--for", help="Name of the recipient: small letters, digits, hyphens.")
    ],
    out: Annotated[Path, Parameter(help="New DuckDB file.")],
    release: Annotated[str | None, Parameter(help="Name of a release, instead of the current one.")] = None,
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
