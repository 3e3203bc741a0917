"""Commands of the centre for what services have sent: status, mails."""

from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, Json, app, print_json, provider_of


@app.command(group=CENTRE)
def status(
    *,
    months: Annotated[int, Parameter(help="Months in the table.")] = 12,
    page: Annotated[bool, Parameter(negative=(), help="Write it as a page, too.")] = False,
    as_json: Json = False,
) -> int:
    """Show how every expected month of every provider stands, whom to write to, and what moved."""
    from dataclasses import asdict

    from pipelines import arrivals, attempts, custody, show, show_board
    from pipelines.ledger import open_ledger
    from pipelines.overseeing import oversee, write_board
    from pipelines.zones import shown, zones

    root = zones()
    ledger = open_ledger(root.ledger)
    attempts.settle(root, ledger)
    seen = oversee(root, ledger)
    files, waiting = custody.kept(root), arrivals.waiting(root)
    if page:
        written = write_board(seen, root, months)
    if as_json:
        print_json({**seen.as_json(), "received_files": asdict(files), "inbox": asdict(waiting)})
        return CLEAN
    show_board.board(seen, root, months)
    show.received_files(files)
    show.inbox(waiting)
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
    of = provider_of(provider) if provider else ""
    found = [each for each in seen.chase if not of or each.provider == of]
    for each in found:
        show.line(f"{each.text}\n\n{'-' * 72}")
    if not found:
        show.line(f"Nothing of {of} is missing." if of else "Nothing is missing.")
    return CLEAN
