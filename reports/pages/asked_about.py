"""Questions about a service's numbers, and what it answered, beside the figures that they touch.

Belongs here: which figures of a service's own page a table of the dataset touches. Does not belong here: what is
asked (``transforms.plausible``), where the answers are kept (``pipelines.past``).
"""

from collections.abc import Mapping, Sequence

ALL = ""
"""The table of a question about all records."""
# The question of the page that is counted from the records of a table first of all.
_TOUCHES: Mapping[str, Sequence[str]] = {
    "IDS001": ("came",),
    "IDS101": ("came", "waited", "stopped"),
    "IDS105": ("stopped",),
    "IDS108": ("waited",),
    "SMI203": ("offered",),
    "IDS201": ("waited", "offered", "stopped"),
    "IDS202": ("offered",),
    "IDS606": ("better",),
    "IDS607": ("better",),
    "SMI501": ("crisis",),
    "SMI608": ("said",),
}
_EVERY = tuple(dict.fromkeys(block for blocks in _TOUCHES.values() for block in blocks))


def beside(asked: Sequence[Mapping[str, str]]) -> dict[str, list[Mapping[str, str]]]:
    """Questions about numbers (``table``, ``month`` in words, ``asks``, ``answer``) by the question of the page.

    One about all records touches every figure; one about a table that no figure begins with stands with the quality
    of the data (``quality``).
    """
    found: dict[str, list[Mapping[str, str]]] = {}
    for each in asked:
        table = each["table"][:6]
        for block in _EVERY if each["table"] == ALL else _TOUCHES.get(table, ("quality",)):
            found.setdefault(block, []).append(each)
    return found
