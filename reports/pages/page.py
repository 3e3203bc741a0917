"""A page: its address and text, and how a template becomes one.

Belongs here: the environment of all templates of ``reports/pages/templates``. Does not belong here: writing files
(``writing``), the values of one kind of page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Template

from reports.charts import SHARE
from reports.pages import addresses, numbers
from reports.pages.release import Release
from reports.site.wording import sentence
from reports.templating import dressed, environment


@dataclass(frozen=True)
class Page:
    """One file of a release's pages: its address below their folder, and its text.

    ``provider`` is the service it is for, if it is for one alone: its exact figures are nobody else's.
    """

    address: str
    text: str
    provider: str = ""


def rendered(
    template: str,
    address: str,
    release: Release,
    values: Mapping[str, object],
    provider: str = "",
    script: str = "",
) -> Page:
    """A page of a template. Beside ``values`` it knows ``release``, ``here`` (its address) and ``to(address)``.

    ``script`` is a file beside the templates, for what works without it as well.
    """
    known = {
        "release": release,
        "here": address,
        "to": lambda target: addresses.link(address, target),
        **dressed("reports.pages", "charts.css", "pages.css", script=script),
    }
    return Page(address, _template(template).render(known | dict(values)), provider)


@cache
def _template(name: str) -> Template:
    own = environment("reports.pages")
    own.globals |= {"addresses": addresses}
    own.filters |= {"data": numbers.data, "share": SHARE.said, "sentence": sentence}
    return own.get_template(name)
