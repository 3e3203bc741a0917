"""Commands for the centre's ledger: ledger verify, rebuild.

Belongs here: the commands. Does not belong here: the ledger (``pipelines.ledger``), making it again
(``pipelines.ledger.rebuild``).
"""

from dataclasses import asdict

from cyclopts import App

from pipelines.commands.app import CENTRE, CLEAN, Json, app, print_json

ledger = App(
    name="ledger",
    group=CENTRE,
    help="Verify the ledger of submissions, or make a lost one again.",
    result_action="return_value",
)
app.command(ledger)


@ledger.command
def verify(*, as_json: Json = False) -> int:
    """Hold every row of the ledger to its hash chain, and the chain to what releases and ledger.head note."""
    from pipelines import show
    from pipelines.ledger import open_ledger
    from pipelines.publish import noted_in_releases
    from pipelines.zones import zones
    from reports.site.wording import counted

    root = zones()
    noted = noted_in_releases(root)
    head = open_ledger(root.ledger).verify(noted, in_full=True)
    releases = sorted(where for where, each in noted.items() if each.ledger == head.ledger)
    if as_json:
        print_json(
            {**asdict(head), "releases": releases, "releases_of_an_earlier_ledger": len(noted) - len(releases)}
        )
        return CLEAN
    show.line(f"The ledger holds. It has {counted(head.entries, 'event')}. Releases that agree: {len(releases)}.")
    if len(releases) < len(noted):
        show.line(f"It was rebuilt. Releases made with the ledger before it: {len(noted) - len(releases)}.")
    return CLEAN


@ledger.command
def rebuild(*, as_json: Json = False) -> int:
    """Make a lost ledger again from the received files. It says what cannot be known any more."""
    from pipelines import show
    from pipelines.ledger import open_ledger
    from pipelines.ledger.rebuild import rebuild
    from pipelines.zones import zones
    from reports.site.wording import counted

    root = zones()
    rebuilt = rebuild(root, open_ledger(root.ledger))
    if as_json:
        print_json(asdict(rebuilt))
    else:
        found = counted(rebuilt.submissions, "submission")
        show.line(f"Found in received/: {found}. Of these count: {rebuilt.current:,}.")
        for note in rebuilt.notes:
            show.line(f"Note: {note}")
    return CLEAN
