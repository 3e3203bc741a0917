"""Templates and styles that all HTML pages share: one base page, one style sheet, one policy of what may load.

Belongs here: finding templates, and what ``base.html`` needs. Does not belong here: the filters, style sheets and
words of one kind of page (``reports.site``, ``reports.pages``).
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

# Size limit of a page: it is read on a phone and sent by mail.
MOST_BYTES = 400_000


def environment(package: str) -> Environment:
    """The templates of a package (its folder ``templates``) and those all share: escaping on, an unknown name an
    error.
    """
    return Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined,
        loader=FunctionLoader(lambda name: _text(package, name)),
    )  # fmt: skip


@cache
def dressed(package: str, *sheets: str, script: str = "") -> dict[str, Any]:
    """What ``base.html`` needs beside its blocks: the style, the script, and the hashes that allow them and nothing
    else.

    The shared sheet comes first, then ``sheets`` of the package's templates; ``charts.css`` is that of
    ``reports.charts``. ``script`` is the file of a script.
    """
    style = "".join(_text(package, name) for name in ("nhs.css", *sheets))
    code = _text(package, script) if script else ""
    return {
        "style": Markup(style),  # noqa: S704  our own file
        "style_hash": _hash(style),
        "script": Markup(code),  # noqa: S704  our own file
        "script_hash": _hash(code),
    }


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(package: str, name: str) -> str:
    places: tuple[Traversable, ...] = (
        files(package) / "templates", files("reports") / "templates", files("reports.charts")
    )  # fmt: skip
    return next(place / name for place in places if (place / name).is_file()).read_text(encoding="utf-8")
