"""The command line: `parity`.

Belongs here: commands, their options, their output and their exit status. Does not belong here: the work itself.
Dagster and other heavy libraries are imported inside the commands that need them. So `parity --help` starts in a
fraction of a second, and `parity check` never imports Dagster.
"""

import json
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Group, Parameter

from schemas.errors import ForThePerson, NotAsked
from schemas.month import parse_month

CLEAN, CRASHED, USAGE, WARNINGS, RECORDS_REJECTED, FILE_REJECTED = range(6)

_EPILOGUE = """
Exit status: 0 clean · 1 error in Parity · 2 wrong command · 3 warnings (with --strict) · 4 records rejected, or
statements not carried over · 5 file rejected

The data root is `PARITY_HOME` (default `var/`). The path of the pseudonym key is `PARITY_KEY_FILE`
(default `~/.config/parity/pseudonym.key`).
"""

app = App(
    name="parity",
    help="Check, load and compare outcomes of psychological therapies." + "\n" + _EPILOGUE,
    version=lambda: version("parity"),
    version_flags=["--version"],
    result_action="return_value",
)
_SITE, _CENTRE, _ANALYST, _TRY = (
    Group("A site", sort_key=1),
    Group("The centre", sort_key=2),
    Group("An analyst", sort_key=3),
    Group("Trying it out", sort_key=4),
)
Json = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON on standard output.")]


@app.command(group=_SITE)
def check(
    *paths: Path,
    as_json: Json = False,
    report: Annotated[
        Path | None, Parameter(help="Folder for a report per submission: page, Excel workbook, JSON and CSV.")
    ] = None,
    strict: Annotated[bool, Parameter(negative=(), help="Exit with 3 when there are warnings.")] = False,
) -> int:
    """Check submissions without submitting them. The verdict is the same as that of a load.

    Parameters
    ----------
    paths
        Submissions (a folder or zip with one CSV or Parquet file per table), or folders of submissions.

    """
    from pipelines import show
    from pipelines.inbox import find_submissions, named_in
    from pipelines.load import check_path
    from pipelines.verdict import state_of
    from reports.site.report import as_json as verdict_of
    from reports.site.report import write_report
    from schemas.shapes import file_shown

    submissions = [found for path in _some(paths) for found in find_submissions(path)]
    verdicts: list[dict[str, Any]] = []
    with show.progress("Checking", len(submissions)) as step:
        for submission in submissions:
            checked = check_path(submission)
            state = state_of(checked)
            verdict = (
                verdict_of(checked, state.value)
                if report is None
                else write_report(report / _stem(submission), checked, state.value)
            )
            name = submission.name if named_in(submission) else file_shown(submission.name)
            verdicts.append({"submission": name, **verdict})
            step()
    if as_json:
        _print_json(verdicts)
    else:
        for verdict in verdicts:
            show.verdict(verdict)
        if report is not None:
            show.line(f"Reports: {report}")
    return _status((verdict["outcome"] for verdict in verdicts), strict)


@app.command(group=_SITE)
def explain(what: str, *, as_json: Json = False) -> int:
    """Explain a rule or an element: meaning, reason, correction, and the values it looks at.

    Parameters
    ----------
    what
        A rule id such as IDS101-ServDischDate-FORMAT, or an element name such as ServDischDate, in any case.

    """
    from pipelines import show
    from reports.dataset import explain as explanation

    found = explanation.find(what)
    if as_json:
        _print_json(explanation.as_json(found))
    else:
        show.line(explanation.as_text(found))
    return CLEAN


@app.command(group=_SITE)
def dataset(out: Path) -> int:
    """Write the documentation of the dataset: data dictionary, rules, code lists, blank templates, an example.

    Parameters
    ----------
    out
        Folder to write to, created if missing. Files with the same names are replaced, others are kept.

    """
    from pipelines import show
    from reports.dataset.documents import documents

    _require(out.is_dir() or not out.exists(), f"{out} is a file; name a folder.")
    files = documents()
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    show.line(f"{len(files)} files in {out}. Start with {out / 'README.md'}.")
    return CLEAN


@app.command(group=_CENTRE)
def load(
    *paths: Path,
    as_json: Json = False,
    strict: Annotated[bool, Parameter(negative=(), help="Exit with 3 when there are warnings.")] = False,
) -> int:
    """Receive submissions and load them through Dagster. Loading the same files again changes nothing.

    Parameters
    ----------
    paths
        Submissions, or folders of submissions. Without a path: the inbox of the data root.

    """
    from pipelines import show
    from pipelines.inbox import find_submissions
    from pipelines.run import load_paths
    from pipelines.zones import zones

    found = zones()
    submissions = [inner for path in (paths or (found.inbox,)) for inner in find_submissions(path)]
    with show.progress("Loading", len(submissions)) as step:
        totals = load_paths(submissions, found, step)
    if as_json:
        _print_json(totals)
    else:
        show.load_totals(totals, found)
    return _status(totals["states"], strict) if not totals["failed"] else CRASHED


@app.command(group=_CENTRE)
def publish(*, as_json: Json = False) -> int:
    """Build the warehouse from the current submissions and publish it. If a check fails, nothing is published."""
    from pipelines import show
    from pipelines.run import publish_release
    from pipelines.zones import zones

    released = publish_release(zones())
    if as_json:
        _print_json(released)
    else:
        show.released(released)
    return CLEAN


@app.command(group=_CENTRE)
def status(*, as_json: Json = False) -> int:
    """Show the submissions and outcomes of every provider and month."""
    from pipelines import show
    from pipelines.board import board
    from pipelines.ledger import open_ledger
    from pipelines.zones import zones

    root = zones()
    ledger = open_ledger(root.ledger)
    outcomes = ledger.outcomes()
    cells = board(outcomes, ledger.current_submissions())
    unplaced = [o for o in outcomes if o.provider_month is None]
    if as_json:
        _print_json(
            {
                "board": [cell.as_row() for cell in cells],
                "unplaced": [{"submission": o.receipt.submission_id, "state": o.state.value} for o in unplaced],
            }
        )
    else:
        show.board(cells, unplaced, root)
    return CLEAN


@app.command(group=_ANALYST)
def query(
    sql: str,
    *,
    release: Annotated[str | None, Parameter(help="Name of a release, instead of the current one.")] = None,
    output: Annotated[
        Literal["table", "csv", "json"], Parameter(name="--format", help="Output format of the rows.")
    ] = "table",
) -> int:
    """Query the published warehouse in SQL. It is opened read-only and cannot read other files.

    Parameters
    ----------
    sql
        One statement, such as "FROM mart.national LIMIT 10".

    """
    from pipelines import show
    from pipelines.ask import ask
    from pipelines.zones import zones

    show.rows(ask(sql, zones(), release), output)
    return CLEAN


@app.command(group=_ANALYST)
def tsql(
    script: Path,
    *,
    month: Annotated[
        str | None,
        Parameter(help="Month to report on, as YYYY-MM, instead of the latest. Later ones are not seen."),
    ] = None,
    out: Annotated[Path | None, Parameter(help="File for the SQL that DuckDB understands.")] = None,
    run: Annotated[bool, Parameter(negative=(), help="Run it on the published warehouse.")] = False,
    release: Annotated[str | None, Parameter(help="Run it on a release of that name.")] = None,
    keep: Annotated[
        Path | None,
        Parameter(help="DuckDB file for the tables it makes. The next script of a series finds them there."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Carry a T-SQL script for NHS England's platform over to DuckDB, and say statement by statement how far.

    Parameters
    ----------
    script
        A file with T-SQL.

    """
    from pipelines import show
    from pipelines.ask import release_file
    from pipelines.tsql import carry_over
    from pipelines.zones import zones

    on = release_file(zones(), release) if run or release or keep else None
    report = carry_over(script, _month(month, "--month") if month else None, out, on, keep)
    if as_json:
        _print_json({"script": report.script, "whole": report.is_whole, "statements": report.as_rows()})
    else:
        show.statements(report)
    return CLEAN if report.is_whole else RECORDS_REJECTED


@app.command(group=_CENTRE)
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


@app.command(group=_CENTRE)
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
        _print_json(asdict(taken))
    else:
        show.line(", ".join(f"{name}: {count:,} rows" for name, count in taken.rows.items()))
        for note in taken.notes:
            show.line(f"Note: {note}")
        show.line("The next release will use them: run parity publish" if taken.is_new else "Nothing has changed.")
    return CLEAN


@app.command(group=_TRY)
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

    _require(providers >= 1 and months >= 1, "--providers and --months are whole numbers from 1.")
    _require(0 <= faults <= 1, "--faults is a share between 0 and 1.")
    with show.progress("Writing", providers * months) as step:
        summary = write_submissions(
            out, providers=providers, months=months, start=_month(start), seed=seed, faults=faults,
            on_written=lambda done, of: step(),
        )  # fmt: skip
    if reference is not None:
        write_reference(reference, [placed(service(index, seed)) for index in range(providers)], _month(start))
    show.line(
        f"{summary.submissions:,} submissions, {summary.contacts:,} contacts, {summary.rows:,} rows, "
        f"{summary.faults:,} planted errors in {out}"
    )
    return CLEAN


@app.command(group=_TRY)
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


def main() -> None:
    """Run a command. An error is one message on standard error and an exit status."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    try:
        status = app(arguments, exit_on_error=False, print_error=True)
    except CycloptsError:
        return USAGE
    except KeyboardInterrupt:
        return _say("Stopped. Finished work is kept. Run the same command again to continue.", CRASHED)
    except BrokenPipeError:
        return CLEAN
    except Exception as error:
        return _explain(error)
    return status if isinstance(status, int) else CLEAN


def _explain(error: Exception) -> int:
    """Show our own errors as sentences for the user. Show only the class of any other error."""
    if isinstance(error, ForThePerson):
        return _say(str(error), error.exit_status)
    return _say(
        f"Parity stopped with an error ({type(error).__name__}). The published warehouse is unchanged. To see "
        "where, set PARITY_DEBUG=1. Do not share that output: it may show records.",
        CRASHED,
        error,
    )


def _say(message: str, code: int, error: Exception | None = None) -> int:
    import os
    import traceback

    print(f"parity: {message}", file=sys.stderr)  # noqa: T201  the one place that writes plain text
    if error is not None and os.environ.get("PARITY_DEBUG"):
        traceback.print_exception(error)
    return code


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise NotAsked(message)


def _some(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    _require(bool(paths), "Name at least one submission: a folder or a zip.")
    return paths


def _month(text: str, option: str = "--start") -> date:
    try:
        return parse_month(text)
    except ValueError:
        raise NotAsked(f"{option} {text!r} is not a month as YYYY-MM, such as 2025-04.") from None


def _stem(submission: Path) -> str:
    return submission.stem if submission.is_file() else submission.name or "submission"


def _status(states: Any, strict: bool) -> int:
    from pipelines.batch import worst_state
    from pipelines.ledger import State

    codes = {State.FILE_REJECTED: FILE_REJECTED, State.ACCEPTED_WITH_REJECTIONS: RECORDS_REJECTED}
    worst = worst_state(states)
    if worst is State.ACCEPTED_WITH_WARNINGS:
        return WARNINGS if strict else CLEAN
    return codes.get(worst, CLEAN) if worst else CLEAN


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=1, ensure_ascii=False, default=str)
    sys.stdout.write("\n")
