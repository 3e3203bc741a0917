"""The page of the conformance pack: what is in it, how to run it, how to compare.

Belongs here: the page, with the numbers of the pack that it lies in. Does not belong here: the files that it names.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template

from reports.dataset.markdown import code, table
from reports.dataset.rule_pages import AS_OF


def page(counts: Mapping[str, int], columns: Mapping[str, Sequence[str]], no_case: Mapping[str, str]) -> str:
    """``README.md``. ``counts`` are numbers of the pack, ``columns`` the columns of its tables by file, ``no_case``
    the rules without a case and why.
    """
    template = Template((files("reports.conformance") / "page.md").read_text(encoding="utf-8"))
    tables = table(("file", "columns"), ((code(name), ", ".join(names)) for name, names in columns.items()))
    without = table(("rule", "why there is no case"), no_case.items())
    numbers = {name: f"{count:,}" for name, count in counts.items()}
    return template.substitute(numbers, as_of=AS_OF, columns=tables, no_case=without)
