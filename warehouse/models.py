"""The models' texts: SQL files of this package, by folder and name.

Belongs here: reading them. Does not belong here: their order (``build``, ``compare``, ``compat``, ``disclosure``).
"""

from importlib.resources import files


def read_sql(folder: str, model: str) -> str:
    """The text of one model, such as ``core`` and ``pathway``."""
    return (files("warehouse") / folder / f"{model}.sql").read_text(encoding="utf-8")
