"""Commands for those who look: pages, look."""

from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, TRY, Json, Release, app, print_json, require


@app.command(group=CENTRE)
def pages(
    *,
    release: Release = None,
    public: Annotated[bool, Parameter(negative=(), help="Only the public pages, in the release's folder.")] = False,
    inside: Annotated[
        bool, Parameter(negative=(), help="Only what is not public: each service's own page and digest, the board.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Write the pages of a release: the public ones where it has none, and those for services and the centre.

    A service's own page has its exact figures. It is in `site_reports/PROVIDER/` beside the reports on its
    submissions, with a text that can be mailed.
    """
    from dataclasses import asdict

    from pipelines import show
    from pipelines.pages import write
    from pipelines.zones import zones

    require(not (public and inside), "--public and --inside exclude each other. Without either, both are written.")
    root = zones()
    written = write(root, release, public=not inside, inside=not public)
    if as_json:
        print_json(asdict(written))
    else:
        show.pages(written, root)
    return CLEAN


@app.command(group=TRY)
def look(*, release: Release = None) -> int:
    """Open the first page of a release in the browser of this machine, and say where it is."""
    import webbrowser

    from pipelines import show
    from pipelines.pages import first_page
    from pipelines.zones import shown, zones

    page = first_page(zones(), release)
    show.line(f"Open {shown(page)}")
    webbrowser.open(page.as_uri())
    return CLEAN
