"""The resource that assets receive: the data root, by path only.

Belongs here: this one resource. It carries a path, never a key or a row, because Dagster stores run configuration
and resource values unencrypted in its database.
"""

from pathlib import Path

import dagster as dg

from pipelines.acting import acting_as
from pipelines.keys import spine_key
from pipelines.ledger import Ledger, open_ledger
from pipelines.zones import Zones, zones
from transforms.pseudonymise import TokenKey


class Parity(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster leaves the parameter open
    """The data root. ``home`` empty: ``PARITY_HOME``, else ``var/``."""

    home: str = ""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Let the ledger say which job acts, unless a command of ours runs it."""
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
