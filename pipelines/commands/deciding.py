"""Commands about one month of a provider: confirm, withdraw.

Belongs here: the commands. Does not belong here: what a decision does (``pipelines.deciding``).
"""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, Json, app, month_of, print_json, provider_of, require

if TYPE_CHECKING:  # commands import what they need when they run
    from pipelines.ledger import Ledger
    from schemas.month import ProviderMonth

What = Annotated[
    str, Parameter(help="A provider and then its month (RW5 2025-04), or the id of a submission alone.")
]
Month = Annotated[str, Parameter(help="The month, as YYYY-MM.")]
Why = Annotated[str, Parameter(help="The reason. It is kept in the ledger: write nothing about a person.")]


@app.command(group=CENTRE)
def confirm(what: What, month: Month = "", *, why: Why, as_json: Json = False) -> int:
    """Let a submission count that is held, was withdrawn, or came after its window."""
    return _decide(True, what, month, why, as_json)


@app.command(group=CENTRE)
def withdraw(what: What, month: Month = "", *, why: Why, as_json: Json = False) -> int:
    """Take a month out of what counts until another file comes. An earlier file does not take its place."""
    return _decide(False, what, month, why, as_json)


def meant(what: str, month: str, ledger: "Ledger") -> "ProviderMonth":
    """Provider and month as they were given, or those of a submission whose id was given alone."""
    from schemas.month import ProviderMonth

    if month:
        return ProviderMonth(provider_of(what), month_of(month, "The month"))
    of = next((o.provider_month for o in ledger.outcomes() if o.receipt.submission_id == what), None)
    require(of is not None, f"Name a provider and its month (RW5 2025-04), or a submission: {what!r} is none.")
    assert of is not None
    return of


def _decide(is_confirmed: bool, what: str, month: str, why: str, as_json: bool) -> int:
    from pipelines import deciding, show
    from pipelines.ledger import open_ledger
    from pipelines.zones import zones

    root = zones()
    ledger = open_ledger(root.ledger)
    decide = deciding.confirm if is_confirmed else deciding.withdraw
    decided = decide(meant(what, month, ledger), why, root, ledger)
    if as_json:
        print_json(decided.as_row())
    else:
        show.decided(decided)
    return CLEAN
