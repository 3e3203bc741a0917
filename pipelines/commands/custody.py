"""Commands of the custodian, who answers for what is kept: reprocess, prune, erase."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, CRASHED, Json, app, print_json


@app.command(group=CENTRE)
def reprocess(
    *,
    identity: Annotated[Path | None, Parameter(help="File with the identity that opens encrypted files.")] = None,
    as_json: Json = False,
) -> int:
    """Check and pseudonymise all received submissions again, under the current rules and key.

    Encrypted files are opened with the identity, one submission at a time, and closed again. It is not kept.
    """
    from pipelines import custody, show
    from pipelines.ledger import open_ledger
    from pipelines.run import reprocess_received
    from pipelines.zones import zones

    found = zones()
    received = sum(map(custody.has_files, open_ledger(found.ledger).outcomes()))
    with show.progress("Processing again", received) as step:
        totals = reprocess_received(found, identity, step)
    if as_json:
        print_json(totals)
    else:
        show.load_totals(totals, found)
    return CRASHED if totals["failed"] else CLEAN


@app.command(group=CENTRE)
def prune(
    *,
    dry_run: Annotated[bool, Parameter(negative=(), help="Only say what would be removed.")] = False,
    as_json: Json = False,
) -> int:
    """Remove what has been kept for long enough. The rows that count and the current release stay.

    For how long is said in retention.csv of the data root, or by defaults (docs/for-the-centre.md).
    """
    from datetime import UTC, datetime

    from pipelines import show
    from pipelines.custody.prune import prune as removed_by
    from pipelines.ledger import open_ledger
    from pipelines.zones import zones

    found = zones()
    removed = removed_by(found, open_ledger(found.ledger), datetime.now(UTC), is_dry=dry_run)
    if as_json:
        print_json({"removed": removed, "is_dry_run": dry_run})
    else:
        show.pruned(removed, dry_run)
    return CLEAN


@app.command(group=CENTRE)
def erase(
    *,
    person: Annotated[
        Path | None, Parameter(help="File that names the people; standard input if none is given.")
    ] = None,
    identity: Annotated[Path | None, Parameter(help="File with the identity that opens encrypted files.")] = None,
    delete_encrypted: Annotated[
        bool,
        Parameter(
            negative=(), help="The identity is lost: delete all encrypted files. Sites must send them again."
        ),
    ] = False,
    as_json: Json = False,
) -> int:
    """Erase people from everything that is kept, and from every later load. This cannot be undone.

    One person a line: an NHS number, or the provider's code, a comma and the patient's id there. They are never
    given as arguments, since other users see those. The next release is published without them. Of earlier releases
    only the public figures stay.
    """
    from pipelines import custody, show
    from pipelines.custody.erase import erase_and_publish
    from pipelines.custody.erasure_request import people_in
    from pipelines.zones import zones

    known = people_in(person.read_text(encoding="utf-8") if person else sys.stdin.read())
    with custody.opening_with(identity):
        done = erase_and_publish(known, zones(), delete_encrypted=delete_encrypted)
    if as_json:
        print_json(done)
    else:
        show.erased(done)
    return CLEAN
