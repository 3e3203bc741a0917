"""Commands of the custodian, who answers for what is kept: reprocess."""

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
    from pipelines import show
    from pipelines.ledger import open_ledger
    from pipelines.run import reprocess_received
    from pipelines.zones import zones

    found = zones()
    with show.progress("Processing again", len(open_ledger(found.ledger).outcomes())) as step:
        totals = reprocess_received(found, identity, step)
    if as_json:
        print_json(totals)
    else:
        show.load_totals(totals, found)
    return CRASHED if totals["failed"] else CLEAN
