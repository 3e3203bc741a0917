"""Commands of a site: check, preview, explain, dataset."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from pipelines.commands.app import (
    CLEAN,
    SITE,
    Json,
    app,
    as_meant,
    exit_status,
    print_json,
    require,
    require_folder,
)


@app.command(group=SITE)
def check(
    *paths: Path,
    as_json: Json = False,
    report: Annotated[
        Path | None, Parameter(help="Folder for a report per submission: page, Excel workbook, JSON and CSV.")
    ] = None,
    against: Annotated[
        Path | None,
        Parameter(help="An earlier extract, or a folder of them: what changed since then, record by record."),
    ] = None,
    split_by: Annotated[
        Literal["owner"] | None,
        Parameter(help="With --report: one more workbook for each who can mend something, such as the supplier."),
    ] = None,
    history: Annotated[
        Path | None, Parameter(help="Folder of your earlier extracts or reports, to compare the numbers with.")
    ] = None,
    strict: Annotated[bool, Parameter(negative=(), help="Exit with 3 when there are warnings.")] = False,
    as_written: Annotated[
        bool, Parameter(negative=(), help="Refuse what is spelled otherwise than declared, even where it is plain.")
    ] = False,
) -> int:
    """Check submissions without submitting them. The verdict is the same as that of a load.

    Parameters
    ----------
    paths
        Submissions (a folder or zip with one file per table, or a workbook), or folders of submissions.

    """
    from pipelines.worker import for_submissions

    require(split_by is None or report is not None, "Name a folder for the workbooks too: --report FOLDER.")
    named, report = _some(paths), as_meant(report) if report else None
    history = as_meant(history) if history else None
    require(history is None or history.is_dir(), "--history names a folder: of your earlier extracts or reports.")
    for_submissions.start()
    from pipelines import apart, show
    from pipelines.inbox import find_submissions, shown_name
    from reports.site.wording import counted

    submissions = [found for path in named for found in find_submissions(path)]
    earlier = find_submissions(as_meant(against)) if against else []
    past = apart.past_in(history) if history else None
    places = _places(submissions, report)
    verdicts: list[dict[str, Any]] = []
    with show.progress("Checking", len(submissions)) as step:
        for submission, place in zip(submissions, places, strict=True):
            verdict = apart.check(
                submission, place, past, is_split=split_by is not None, against=_earlier_of(submission, earlier),
                as_written=as_written,
            )  # fmt: skip
            verdicts.append({"submission": shown_name(submission), **verdict})
            step()
    if as_json:
        print_json(verdicts)
    else:
        for verdict in verdicts:
            show.verdict(verdict)
        if history is None or past is None:
            show.line(
                "Your earlier months were not compared: --history FOLDER does that. The centre compares them."
            )
        else:
            show.line(f"The history has {counted(len(past.months), 'month')}.")
        if report is not None:
            show.line(f"Reports: {report}")
    return exit_status((verdict["outcome"] for verdict in verdicts), strict)


@app.command(group=SITE)
def preview(
    path: Path,
    *,
    history: Annotated[
        tuple[Path, ...],
        Parameter(
            negative=(),
            help="Folder of your earlier extracts, or figures.csv that the centre sends. Can be given twice.",
        ),
    ] = (),
    national: Annotated[
        Path | None, Parameter(help="Public file of a release, its open data, or a folder that has them.")
    ] = None,
    reference: Annotated[
        Path | None, Parameter(help="Folder of reference files, as the centre imports them.")
    ] = None,
    report: Annotated[Path | None, Parameter(help="Folder for the page and the tables as CSV.")] = None,
    as_json: Json = False,
) -> int:
    """Show your own figures for a month before you submit it, and what each finding costs. Nothing is sent.

    Parameters
    ----------
    path
        Submission: a folder or zip with one file per table, a workbook, or an Access database.

    """
    from pipelines.worker import for_submissions

    national, reference, report = (as_meant(each) if each else None for each in (national, reference, report))
    for_submissions.start()
    from pipelines import show_preview
    from pipelines.preview import preview as made
    from reports.preview import page, tables

    found = made(as_meant(path), [as_meant(each) for each in history], national, reference)
    if as_json:
        print_json(tables.as_json(found))
    else:
        show_preview.preview(found)
    if report is not None:
        names = page.write(found, report)
        if not as_json:
            from pipelines import show

            show.line(f"In {report}: {', '.join(names)}")
    return exit_status([found.verdict["outcome"]], strict=False)


@app.command(group=SITE)
def explain(what: str, *, as_json: Json = False) -> int:
    """Explain a rule, element, table, code list, measure or instrument.

    Parameters
    ----------
    what
        An id or name in any case: IDS101-ServDischDate-FORMAT, ServDischDate, IDS101Referral, end_code,
        SMI_OFFERED, PHQ9.

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

    require_folder(out)
    files = documents()
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    show.line(f"{len(files)} files in {out}. Start with {out / 'README.md'}.")
    return CLEAN


def _earlier_of(submission: Path, earlier: list[Path]) -> Path | None:
    """The extract to compare with: the only one, or the one of the same name. ``None`` where none was asked for."""
    if len(earlier) <= 1:
        return earlier[0] if earlier else None
    same = [found for found in earlier if _stem(found).lower() == _stem(submission).lower()]
    require(
        bool(same), "--against has several extracts, and none has the name of the one that is checked. Name one."
    )
    return same[0]


def _places(submissions: list[Path], report: Path | None) -> Sequence[Path | None]:
    """A folder for the report of each submission, named like it.

    Of several of one name, such as a folder and its zip, each has its own: ``RW5_2025-04``, ``RW5_2025-04 (2)``.
    """
    if report is None:
        return [None] * len(submissions)
    taken: dict[str, Path] = {}  # in lower case: on Windows capitals do not tell two folders apart
    for submission in submissions:
        name, number = _stem(submission), 1
        while (own := name if number == 1 else f"{name} ({number})").lower() in taken:
            number += 1
        taken[own.lower()] = report / own
    return list(taken.values())


def _some(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    from schemas.gate import A_SUBMISSION

    require(bool(paths), f"Name at least one submission: {A_SUBMISSION}.")
    return tuple(as_meant(path) for path in paths)


def _stem(submission: Path) -> str:
    return submission.stem if submission.is_file() else submission.name or "submission"
