"""A preview: a site's own figures for a month before it submits, from its own extracts alone.

Belongs here: what a preview consists of, and making it. Does not belong here: rows of one extract (``rows``), what
findings cost (``corrected``, ``costs``), files of figures (``beside``), how it is shown (``reports.preview``).

It runs at the site. It needs no Dagster, no ledger and no key of the centre. Every preview makes a key of its own,
which is nowhere but in memory. So pseudonyms of two previews have nothing in common, and nobody can make them
again. Files of a preview lie in one folder, which is deleted at the end, also when this process is killed.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.inbox import find_submissions, named_in, shown_name
from pipelines.load import own_workspace, unread
from pipelines.members import bytes_at
from pipelines.preview import beside, costs, rows
from pipelines.preview.beside import NotRead
from pipelines.preview.rows import Extract
from pipelines.verdict import state_of
from pipelines.worker import ENV_MEMORY, ENV_SECONDS, Died, for_submissions
from reports.pages.addresses import FIGURES as OWN_FILE
from reports.preview.content import Earlier, National, Preview, no_figures
from reports.site.report import as_json
from schemas.errors import ForThePerson
from schemas.month import ProviderMonth, month_text
from transforms.pseudonymise import TokenKey

worker = for_submissions


class PreviewStopped(ForThePerson):
    """The process that makes a preview did not survive. The message says why, and what to do."""


def preview(
    path: Path, history: Sequence[Path] = (), national: Path | None = None, reference: Path | None = None
) -> Preview:
    """The preview of the submission at ``path``.

    ``history`` are folders of earlier extracts of the same service, or the file of figures that the centre sends
    with a release. ``national`` is the public file of a release, or a file or folder of its open data.
    ``reference`` is a folder of reference files, as the centre imports them. Raises NotRead or NotAsked for a
    path that is none of these, PreviewStopped, and pipelines.worker.StepFailed if a step failed.
    """
    key = TokenKey("p1", secrets.token_hex(32), secrets.token_hex(32))
    beside_it = _answer(beside.national, national) if national is not None else None
    with own_workspace() as folder:
        try:
            own: Extract = worker.run(rows.of_preview, path, folder, key, size=bytes_at(path))
        except Died as died:
            verdict = as_json(checked := unread(str(died)), state_of(checked).value)
            return _without_figures(verdict, beside_it)
        if own.of is None or not own.has_rows:
            return _without_figures(own.verdict, beside_it)
        before, released, left_out = _history(history, own.of, folder, key)
        placed = _answer(rows.placed, reference, folder) if reference is not None else None
        made = _step(rows.figures, folder, [own, *before], placed)
        of_month = pl.col("month") == own.of.month
        mine = made.figures.filter(pl.col("provider") == made.provider)
        earlier = _earlier(mine.filter(pl.col("month") < own.of.month), before, released, left_out)
        found = _step(costs.costs, folder, own, before)
    return Preview(
        own.of, own.verdict, mine.filter(of_month), made.measures, made.groups, earlier, beside_it, found,
        own.groups - len(found), own.referrals, own.begun_before, placed is not None,
    )  # fmt: skip


def _step(step: Callable[..., Any], *given: Any) -> Any:
    """What a step in the other process gives. Raises PreviewStopped where that process ended or reached a limit."""
    try:
        return worker.run(step, *given)
    except Died as died:
        raise PreviewStopped(
            f"The preview stopped: {died}. Nothing of it is left. Give fewer earlier extracts, or more memory and "
            f"time: {ENV_MEMORY} (in MB) and {ENV_SECONDS}."
        ) from None


def _answer(step: Callable[..., Any], *given: Any) -> Any:
    """What a step in the other process gives. Raises NotRead with what it says where a file cannot be used."""
    found, why = _step(beside.answered, step, *given)
    if why:
        raise NotRead(why)
    return found


def _history(
    history: Sequence[Path], of: ProviderMonth, folder: Path, key: TokenKey
) -> tuple[list[Extract], pl.DataFrame, list[str]]:
    """The accepted extracts of other months, figures of earlier releases, and in sentences what was left out."""
    found: dict[date, Extract] = {}
    released, left_out = [no_figures()], list[str]()
    for path in history:
        files, submissions = _in_history(path)
        released += [_answer(beside.own_file, file, of.provider) for file in files]
        for number, submission in enumerate(submissions, start=len(found)):
            named = named_in(submission)
            if named is not None and (named.provider != of.provider or named == of):
                continue  # the month itself is what is previewed
            one: Extract = _step(rows.of_history, submission, folder / f"history-{number}", key)
            if why := _why_not(one, of, found):
                left_out.append(f"{shown_name(submission)} is left out: {why}.")
            elif one.of is not None and one.of != of:
                found[one.of.month] = one
    return list(found.values()), pl.concat(released), left_out


def _in_history(path: Path) -> tuple[list[Path], list[Path]]:
    """The files of figures, and the submissions, at a path of the history. Raises NotAsked if nothing is there."""
    if path.is_file() and path.suffix.lower() == ".csv":
        return [path], []
    files = [path / OWN_FILE] if (path / OWN_FILE).is_file() else []
    return files, [each for each in find_submissions(path) if each != path or not files]


def _why_not(one: Extract, of: ProviderMonth, found: Mapping[date, Extract]) -> str:
    """Why an extract of the history is not used; empty if it is."""
    if one.of is None or not one.counts:
        return "the file is rejected, so it does not count"
    if one.of.provider != of.provider:
        return f"it is of another service ({one.of.provider})"
    if one.of.month in found:
        return f"there is another extract of {month_text(one.of.month)}"
    return ""


def _earlier(
    mine: pl.DataFrame, before: Sequence[Extract], released: pl.DataFrame, left_out: Sequence[str]
) -> Earlier:
    """Earlier months: those of the centre where they are known, since these are what others see."""
    months = released["month"].unique().sort().to_list()
    own = mine.filter(~pl.col("month").is_in(months)) if months else mine
    extracts = sorted(each.of.month for each in before if each.of is not None)
    together = pl.concat([own.select(released.columns), released])
    return Earlier(together, extracts, months, left_out)


def _without_figures(verdict: Mapping[str, Any], national: National | None) -> Preview:
    nothing = Earlier(no_figures(), (), (), ())
    empty = pl.DataFrame()
    return Preview(None, verdict, no_figures(), empty, empty, nothing, national, (), 0, 0, 0, has_reference=False)
