"""The command of suppliers of systems: conformance.

Belongs here: the command. Does not belong here: the pack (``pipelines.conformance``).
"""

from pathlib import Path

from pipelines.commands.app import CLEAN, SITE, app, as_meant, require_folder


@app.command(group=SITE)
def conformance(out: Path) -> int:
    """Write a pack for suppliers: files that try each rule, with the findings and figures that are expected.

    Parameters
    ----------
    out
        Folder to write to, created if missing. Files with the same names are replaced, others are kept.

    """
    from pipelines import show
    from pipelines.conformance import pack, write_pack

    out = as_meant(out)
    require_folder(out)
    tries = pack()
    with show.progress("Checking", len(tries)) as step:
        files = write_pack(tries, out, step)
    show.line(f"{len(tries):,} cases in {files:,} files in {out}. Start with {out / 'README.md'}.")
    return CLEAN
