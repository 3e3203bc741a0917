"""Commands for planning: capacity."""

from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CLEAN, SITE, Json, Release, app, print_json, provider_of


@app.command(group=SITE)
def capacity(
    provider: str,
    *,
    settings: Annotated[
        list[str] | None,
        Parameter(
            name="--set",
            negative=(),
            help="An assumption as NAME=VALUE, or STEP:NAME=VALUE. Repeat it for several.",
        ),
    ] = None,
    release: Release = None,
    as_json: Json = False,
) -> int:
    """Show demand, capacity and backlog of a service in sessions, and reckon again with other assumptions.

    Parameters
    ----------
    provider
        ODS code of the service, such as RXT.

    """
    from pipelines import show_capacity
    from pipelines.capacity import capacity as reckon
    from pipelines.zones import zones

    found = reckon(zones(), provider_of(provider), settings or [], release)
    if as_json:
        print_json(found.as_json())
    else:
        show_capacity.capacity(found)
    return CLEAN
