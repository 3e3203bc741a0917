"""What assets are handed: the data root, by name only.

Belongs here: the one resource. It carries a path, never a key or a row: run configuration and resource
values end up in Dagster's database in clear.
"""

from pathlib import Path

import dagster as dg

from pipelines.keys import spine_key
from pipelines.ledger import Ledger
from pipelines.zones import Zones, zones
from transforms.pseudonymise import TokenKey


class Parity(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster leaves the parameter open
    """The data root. ``home`` empty: ``PARITY_HOME``, else ``var/``."""

    home: str = ""

    def zones(self) -> Zones:
        """The zones below the data root."""
        return zones(Path(self.home) if self.home else None)

    def ledger(self) -> Ledger:
        """The ledger of submissions."""
        return Ledger(self.zones().ledger)

    def key(self) -> TokenKey:
        """The pseudonym key, read when needed and kept nowhere."""
        return spine_key()
