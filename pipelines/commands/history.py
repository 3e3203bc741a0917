"""Commands on releases: releases, diff."""

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import ANALYST, CLEAN, Json, app, print_json, provider_of


@app.command(group=ANALYST)
def releases(*, as_json: Json = False) -> int:
    """List the releases in their order, with their versions and what made them so."""
    from pipelines import show_releases
    from pipelines.differing import listed
    from pipelines.zones import zones

    found = listed(zones())
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        show_releases.releases(found)
    return CLEAN


@app.command(group=ANALYST)
def diff(
    before: str | None = None,
    after: str | None = None,
    *,
    measure: Annotated[str | None, Parameter(help="Only this measure, in every period.")] = None,
    provider: Annotated[str | None, Parameter(help="Figures of this provider, instead of England's.")] = None,
    as_json: Json = False,
) -> int:
    """Say what changed between two releases, measure by measure, and by whose file or which rules.

    Parameters
    ----------
    before
        Name, version or place of the earlier release. Without it: the one before the later release.
    after
        Name, version or place of the later release. Without it: the current one.

    """
    from pipelines import show_releases
    from pipelines.differing import chosen
    from pipelines.differing import diff as differences
    from pipelines.ledger import open_ledger
    from pipelines.zones import zones

    root = zones()
    said = differences(
        root,
        open_ledger(root.ledger),
        *chosen(root, before, after),
        measure,
        provider_of(provider) if provider else None,
    )
    if as_json:
        print_json(said)
    else:
        show_releases.difference(said)
    return CLEAN
