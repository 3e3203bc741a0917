"""The resources that assets receive: the data root, by path only, and the data root with its draft held.

Belongs here: these two. They carry a path, never a key or a row, because Dagster stores run configuration and
resource values unencrypted in its database.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import dagster as dg

from pipelines import running
from pipelines.acting import acting_as
from pipelines.drafting import Owner, drafting, said
from pipelines.keys import spine_key
from pipelines.ledger import Ledger, open_ledger
from pipelines.zones import Zones, zones
from transforms.pseudonymise import TokenKey

# Seconds between two looks whether a run that waits was ended.
_ASK_EVERY = 10


class Parity(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster leaves the parameter open
    """The data root. ``home`` empty: ``PARITY_HOME``, else ``var/``."""

    home: str = ""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Say that this process works on the run, and let the ledger say which job acts, unless a command does."""
        if context.run is not None and context.instance is not None:
            running.hold(context.instance, context.run.run_id)
        if context.run is not None and not acting_as.get().startswith("parity "):
            acting_as.set(f"dagster {context.run.job_name}")

    def zones(self) -> Zones:
        """The zones below the data root."""
        return zones(Path(self.home) if self.home else None)

    def ledger(self) -> Ledger:
        """The ledger of submissions."""
        return open_ledger(self.zones().ledger)

    def key(self) -> TokenKey:
        """The pseudonym key, read when needed and not stored."""
        return spine_key()


class Draft(Parity):
    """The data root with its draft in this run's hands alone, from the first step to the last.

    While somebody else holds it, the run waits, says in its log for whom, and may be ended there.
    """

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Self]:
        """Hold the draft as long as the run's steps take."""
        self.setup_for_execution(context)
        run = context.run.run_id if context.run is not None else None
        with drafting(self.zones(), _Waiting(context, run).tell, run=run):
            yield self


class _Waiting:
    """A run that waits for the draft: it says so whenever the owner changes, and ends if Dagster ends it."""

    def __init__(self, context: dg.InitResourceContext, run: str | None) -> None:
        self._context, self._run, self._told, self._asked = context, run, "", time.monotonic()

    def tell(self, owner: Owner | None) -> None:
        """Log who holds the draft. Raises RunEnded when the run was ended meanwhile, asked every 10 s."""
        text = said(owner)
        if text != self._told and self._context.log is not None:
            self._context.log.info(text)
            self._told = text
        if self._run and self._context.instance and time.monotonic() - self._asked > _ASK_EVERY:
            self._asked = time.monotonic()
            running.hold_on(self._context.instance, self._run)
