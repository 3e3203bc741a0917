"""Commands for telling people what is wrong: tell."""

from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, CRASHED, Json, app, print_json


@app.command(group=CENTRE)
def tell(
    *,
    test: Annotated[
        bool, Parameter(negative=(), help="Send a test by every channel, and look at nothing.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Show what is wrong and what mends it, and send what is new. Ends with 1 if a channel fails."""
    from dataclasses import asdict

    from pipelines import show
    from pipelines.dagster_home import instance
    from pipelines.telling import look
    from pipelines.zones import zones

    root = zones()
    if test:
        tried = look.tried(root)
        if as_json:
            print_json(tried)
        else:
            for name, why in tried.items():
                show.line(f"{name}: {why or 'sent'}")
        return CRASHED if any(tried.values()) else CLEAN
    with instance(root) as dagster:
        told = look.tell(root, dagster, is_thorough=True)
    if as_json:
        print_json(asdict(told))
    else:
        for cause in told.causes:
            show.line("\n".join([cause.title, cause.text, *(f"  {command}" for command in cause.do), ""]))
        show.line(told.said())
        for name, why in told.failed.items():
            show.line(f"{name}: {why}")
    return CRASHED if told.failed else CLEAN
