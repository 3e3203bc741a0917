"""Commands to try Parity out: synth, demo."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CLEAN, TRY, app, month_of, require


@app.command(group=TRY)
def synth(
    *,
    out: Path,
    providers: Annotated[
        int, Parameter(help="Number of providers. The first six are the demonstration sites.")
    ] = 12,
    months: Annotated[int, Parameter(help="Number of months.")] = 6,
    start: Annotated[str, Parameter(help="First month, as YYYY-MM.")] = "2025-04",
    seed: Annotated[int, Parameter(help="The same seed gives the same files.")] = 1,
    faults: Annotated[
        float,
        Parameter(help="Share of rows with a planted error. The answer key is written next to the submissions."),
    ] = 0.0,
    reference: Annotated[
        Path | None, Parameter(help="Folder for synthetic reference files of these providers.")
    ] = None,
) -> int:
    """Write demonstration submissions of fictitious people. NHS numbers are of the never-issued 999 range."""
    from demonstration.geography import placed, write_reference
    from demonstration.sites import service
    from demonstration.writing import write_submissions
    from pipelines import show

    require(providers >= 1 and months >= 1, "--providers and --months are whole numbers from 1.")
    require(0 <= faults <= 1, "--faults is a share between 0 and 1.")
    with show.progress("Writing", providers * months) as step:
        summary = write_submissions(
            out, providers=providers, months=months, start=month_of(start), seed=seed, faults=faults,
            on_written=lambda done, of: step(),
        )  # fmt: skip
    if reference is not None:
        write_reference(reference, [placed(service(index, seed)) for index in range(providers)], month_of(start))
    show.line(
        f"{summary.submissions:,} submissions, {summary.contacts:,} contacts, {summary.rows:,} rows, "
        f"{summary.faults:,} planted errors in {out}"
    )
    return CLEAN


@app.command(group=TRY)
def demo(
    *,
    published: Annotated[
        Path | None, Parameter(help="Folder of NHS England's published statistics, imported too.")
    ] = None,
    providers: Annotated[
        int, Parameter(help="Number of providers. The first six are the demonstration sites.")
    ] = 10,
    months: Annotated[int, Parameter(help="Number of months from April 2025.")] = 12,
) -> int:
    """Write demonstration submissions, load them through Dagster, publish, and show the national table."""
    from pipelines.demo import run_demo
    from pipelines.zones import zones

    run_demo(zones(), published, providers, months)
    return CLEAN
