"""Commands of the custodian, who answers for what is kept: reprocess, plan, prune, erase."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, CRASHED, Json, app, print_json, provider_of, require
from pipelines.commands.deciding import Month, What, meant


@app.command(group=CENTRE)
def reprocess(
    what: What = "",
    month: Month = "",
    *,
    identity: Annotated[Path | None, Parameter(help="File with the identity that opens encrypted files.")] = None,
    as_json: Json = False,
) -> int:
    """Check and pseudonymise received submissions again, under the current rules and key: all, or those of a month.

    Encrypted files are opened with the identity, one submission at a time, and closed again. It is not kept.
    """
    from pipelines import show
    from pipelines.batch import whose
    from pipelines.ledger import open_ledger
    from pipelines.run import reprocess_received
    from pipelines.zones import zones
    from reports.site.wording import counted

    found = zones()
    ledger = open_ledger(found.ledger)
    everything = list(whose(ledger))
    require(
        bool(what) or not month,
        f"A month needs its provider: parity reprocess RW5 {month}. Without a month all that is kept is processed "
        f"again: {counted(len(everything), 'month')} of providers.",
    )
    only = {meant(what, month, ledger)} if what else None
    asked = [of for of in everything if only is None or of in only]
    with show.progress("Processing again", len(asked)) as step:
        totals = reprocess_received(found, identity, step, only)
    if as_json:
        print_json(totals)
    else:
        show.load_totals(totals, found)
    return CRASHED if totals["failed"] else CLEAN


@app.command(group=CENTRE)
def plan(
    *,
    measure: Annotated[str | None, Parameter(help="Only this measure, in every period.")] = None,
    provider: Annotated[str | None, Parameter(help="Figures of this provider, instead of England's.")] = None,
    identity: Annotated[Path | None, Parameter(help="File with the identity that opens encrypted files.")] = None,
    as_json: Json = False,
) -> int:
    """Show what today's rules, measures and key would change, before anything is changed.

    All that is kept is processed again in a copy that is thrown away. It takes as long as reprocess and publish.
    """
    from dataclasses import asdict

    from pipelines import custody, show, show_plan
    from pipelines.keys import spine_key
    from pipelines.ledger import open_ledger
    from pipelines.plan import plan as planned
    from pipelines.zones import zones

    found = zones()
    ledger = open_ledger(found.ledger)
    received = sum(map(custody.has_files, ledger.outcomes()))
    with show.progress("Trying", received) as step, custody.opening_with(identity):
        would_be = planned(
            found,
            ledger,
            spine_key(),
            measure=measure,
            place=provider_of(provider) if provider else None,
            step=step,
        )
    if as_json:
        print_json(asdict(would_be))
    else:
        show_plan.plan(would_be)
    return CRASHED if would_be.failed else CLEAN


@app.command(group=CENTRE)
def prune(
    *,
    yes: Annotated[bool, Parameter(negative=(), help="Remove it. Without this it is only shown.")] = False,
    as_json: Json = False,
) -> int:
    """Show what has been kept for long enough, and with --yes remove it.

    The rows that count and the current release stay. For how long things are kept is said in retention.csv of the
    data root, or by defaults (docs/for-the-centre.md). In Dagster the schedule `daily_pruning` does the same.
    """
    from dataclasses import asdict
    from datetime import UTC, datetime

    from pipelines import show
    from pipelines.custody.prune import prune as removed_by
    from pipelines.ledger import open_ledger
    from pipelines.zones import zones

    found = zones()
    pruned = removed_by(found, open_ledger(found.ledger), datetime.now(UTC), is_dry=not yes)
    if as_json:
        print_json({**asdict(pruned), "is_removed": yes})
    else:
        show.pruned(pruned, is_dry=not yes)
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
