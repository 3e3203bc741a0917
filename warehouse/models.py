"""The texts of the models: SQL files of this package, one per table or view, in a folder named after its schema.

Belongs here: where models are, and reading them. Does not belong here: their order (``order``).
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

# Schemas whose folder has another name. ``work`` is deleted after a build: its models are intermediate steps.
_FOLDERS = {"work": "steps"}
_SCHEMAS = {folder: schema for schema, folder in _FOLDERS.items()}


@cache
def read_sql(name: str) -> str:
    """The text of one model, such as ``core.pathway``; models of ``work`` are in ``steps``."""
    schema, table = name.split(".")
    return (_folder(schema) / f"{table}.sql").read_text(encoding="utf-8")


@cache
def model_names() -> tuple[str, ...]:
    """Every model as ``schema.table``, in the order of their names."""
    return tuple(sorted(_names(files("warehouse"))))


def models_of(schema: str) -> list[str]:
    """The models of one schema, in the order of their names."""
    return [name for name in model_names() if name.startswith(f"{schema}.")]


def _names(folder: Traversable) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _names(entry)
        elif entry.name.endswith(".sql"):
            yield f"{_SCHEMAS.get(folder.name, folder.name)}.{entry.name.removesuffix('.sql')}"


def _folder(schema: str) -> Traversable:
    """The folder of a schema; those with the national names lie in ``compat``."""
    room = files("warehouse")
    own = room / _FOLDERS.get(schema, schema)
    return own if own.is_dir() else room / "compat" / schema
