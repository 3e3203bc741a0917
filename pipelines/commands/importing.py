"""Commands of the centre for what others publish: published, reference."""

from pathlib import Path

from pipelines.commands.app import CENTRE, CLEAN, Json, app, print_json


@app.command(group=CENTRE)
def published(path: Path) -> int:
    """Import NHS England's published annual statistics. The next release has them in schema `published`.

    Parameters
    ----------
    path
        Folder with measures_annual.parquet and, if available, its companion files.

    """
    from pipelines import show
    from pipelines.zones import zones
    from warehouse.published import normalise_published

    rows = normalise_published(path, zones().published)
    show.line(", ".join(f"{name}: {count:,} rows" for name, count in rows.items()))
    return CLEAN


@app.command(group=CENTRE)
def reference(path: Path, *, as_json: Json = False) -> int:
    """Import reference files: organisations, successors, deprivation, populations, changes of process.

    They replace all earlier ones.

    Parameters
    ----------
    path
        Folder with files in ODS layout (etr.csv, ets.csv, eccg.csv, eauth.csv, succ.csv …), providers.parquet,
        deprivation.csv or another of ours. Or one such file.

    """
    from dataclasses import asdict

    from pipelines import show
    from pipelines.zones import zones
    from warehouse.organisations.importing import take_reference

    taken = take_reference(path, zones().reference)
    if as_json:
        print_json(asdict(taken))
    else:
        show.line(", ".join(f"{name}: {count:,} rows" for name, count in taken.rows.items()))
        for note in taken.notes:
            show.line(f"Note: {note}")
        show.line("The next release will use them: run parity publish" if taken.is_new else "Nothing has changed.")
    return CLEAN
