"""The preview as one page: self-contained, readable without JavaScript, on a phone and on paper.

Belongs here: what the page shows. Does not belong here: the words (``told``, ``costings``), the files beside it
(``tables``).
"""

from functools import cache
from pathlib import Path

from jinja2 import Template

from reports.preview import tables, told
from reports.preview.content import Preview
from reports.preview.costings import costings
from reports.site.wording import counted, deadline, month_name, sentence
from reports.templating import dressed, environment
from schemas.month import month_text

PAGE = "preview.html"


def page(preview: Preview) -> str:
    """The page of a preview."""
    has_figures = not preview.figures.is_empty()
    verdict = preview.verdict
    return _template().render(
        {
            "verdict": verdict,
            "who": verdict["provider"] or "an unknown provider",
            "which": month_name(verdict["month"]),
            "is_rejected": preview.is_rejected,
            "headline": told.headline(preview),
            "heads": told.beside(preview) if has_figures else (),
            "sections": told.sections(preview) if has_figures else [],
            "costings": costings(preview),
            "not_costed": preview.not_costed,
            "cannot_know": list(told.cannot_know(preview)),
            "figures": tables.FIGURES_FILE if has_figures else "",
            "costs": tables.COSTS_FILE if any(each.changes.height for each in preview.costs) else "",
            "extracts": [month_name(month_text(month)) for month in preview.earlier.extracts],
            "released": [month_name(month_text(month)) for month in preview.earlier.released],
        }
        | dressed("reports.preview")
    )


def write(preview: Preview, folder: Path) -> list[str]:
    """Write the page and the tables beside it into ``folder``, made if absent; returns the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page(preview), encoding="utf-8")
    return [PAGE, *(tables.write(preview, folder) if not preview.figures.is_empty() else [])]


@cache
def _template() -> Template:
    own = environment("reports.preview")
    own.filters |= {"counted": counted, "deadline": deadline, "sentence": sentence}
    return own.get_template(PAGE)
