"""Finding what the modules of a folder declare, so that no list names them.

Belongs here: that one search. Does not belong here: the order in which a caller needs what it found.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def declared(package: str, name: str) -> list[Any]:
    """What modules of ``package`` declare under ``name``, in the order of module names. Not all need to have it."""
    modules = (import_module(f"{package}.{each.name}") for each in iter_modules(import_module(package).__path__))
    return [getattr(module, name) for module in modules if hasattr(module, name)]
