"""Who acts, and with what: what every row of the ledger says of its making.

Belongs here: the user, the command, and the versions of code and rules. Does not belong here: the key (a verdict
names it), the ledger.

The user is an account of the operating system. No other name of a person is written.
"""

import os
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Self

from pipelines.code_version import rows_version, rules_version

acting_as: ContextVar[str] = ContextVar("acting_as", default="python")
"""The command that this process carries out, such as «parity load», or the kind of a Dagster run."""


@dataclass(frozen=True)
class Acting:
    """Who acts, by which command, with which code and rules. All empty in rows of releases up to 0.5."""

    actor: str | None = None
    command: str | None = None
    code_version: str | None = None
    rules_version: str | None = None

    @classmethod
    def now(cls, memory: Path | None = None) -> Self:
        """Of this process. ``memory`` is a folder that remembers versions (``code_version``)."""
        code = f"{_installed()} {rows_version(memory=memory)}"
        return cls(_user(), acting_as.get(), code, rules_version(memory=memory))


@cache
def _installed() -> str:
    return version("parity")  # reads and parses a file, and a load asks twice


@cache
def _user() -> str:
    import pwd  # here: a site's own machine may not have it, and a check needs none

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # an account without a name, as in a container
        return str(os.geteuid())
