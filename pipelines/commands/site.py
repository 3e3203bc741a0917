"""Commands of a site: check, explain, dataset."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from pipelines.commands.app import CLEAN, SITE, Json, app, exit_status, print_json, require


@app.command(group=SITE)
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
    from pipelines.worker import for_submissions

    named = _some(paths)
    for_submissions.start()
    from pipelines import apart, show
    from pipelines.inbox import find_submissions, shown_name

    submissions = [found for path in named for found in find_submissions(path)]
    verdicts: list[dict[str, Any]] = []
    with show.progress("Checking", len(submissions)) as step:
        for submission in submissions:
            verdict = apart.check(submission, report / _stem(submission) if report else None)
            verdicts.append({"submission": shown_name(submission), **verdict})
            step()
    if as_json:
        print_json(verdicts)
    else:
        for verdict in verdicts:
            show.verdict(verdict)
        show.line("A check does not know earlier submissions. A load compares the numbers with them.")
        if report is not None:
            show.line(f"Reports: {report}")
    return exit_status((verdict["outcome"] for verdict in verdicts), strict)


@app.command(group=SITE)
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
        print_json(explanation.as_json(found))
    else:
        show.line(explanation.as_text(found))
    return CLEAN


@app.command(group=SITE)
def dataset(out: Path) -> int:
    """Write the documentation of the dataset: data dictionary, rules, code lists, blank templates, an example.

    Parameters
    ----------
    out
        Folder to write to, created if missing. Files with the same names are replaced, others are kept.

    """
    from pipelines import show
    from reports.dataset.documents import documents

    require(out.is_dir() or not out.exists(), f"{out} is a file; name a folder.")
    files = documents()
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    show.line(f"{len(files)} files in {out}. Start with {out / 'README.md'}.")
    return CLEAN


def _some(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    require(bool(paths), "Name at least one submission: a folder or a zip.")
    return paths


def _stem(submission: Path) -> str:
    return submission.stem if submission.is_file() else submission.name or "submission"
