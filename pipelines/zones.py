"""Where things are: the data root and its zones, one folder each.

Belongs here: the names of folders and files below ``PARITY_HOME``, and creating them with modes that keep other
users out. Does not belong here: what is written into them.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from pipelines import modes
from schemas.errors import NotAsked
from warehouse.storage import sync

PRIVATE = 0o700
ENV_HOME = "PARITY_HOME"
PROJECT = Path(__file__).resolve().parents[1]

_checked: set[Path] = set()
closed: list[str] = []
"""What the check at the start closed to other users, in words."""


@dataclass(frozen=True)
class Zones:
    """The folders of one data root.

    The identifiable zone is ``inbox``, ``received`` and ``site_reports`` (a site's report may quote its own
    values). Only the gate reads it. From ``pseudonymised`` on, no file identifies a person.
    """

    home: Path

    @property
    def inbox(self) -> Path:
        """Incoming submissions."""
        return self.home / "inbox"

    @property
    def received(self) -> Path:
        """Submissions as received, one folder per receipt, table files under declared names."""
        return self.home / "received"

    def received_folders(self) -> list[Path]:
        """The folders of the submissions in ``received``, in order of their ids."""
        return [each for each in sorted(self.received.iterdir()) if each.is_dir() and each.name[0] != "."]

    @property
    def site_reports(self) -> Path:
        """The reports of each site: ``<provider>/<month>/<submission>``."""
        return self.home / "site_reports"

    @property
    def centre(self) -> Path:
        """Pages for the centre alone."""
        return self.home / "centre"

    @property
    def pseudonymised(self) -> Path:
        """Accepted rows without identifiers: one folder per submission, key and version (``store.rows_of``)."""
        return self.home / "pseudonymised"

    @property
    def published(self) -> Path:
        """NHS England's published statistics, normalised."""
        return self.home / "published"

    @property
    def reference(self) -> Path:
        """Organisations, successors, deprivation, populations and changes of process, normalised."""
        return self.home / "reference"

    @property
    def builds(self) -> Path:
        """Drafts of the warehouse, not for readers."""
        return self.home / "builds"

    @property
    def draft(self) -> Path:
        """The warehouse during a build."""
        return self.builds / "draft.duckdb"

    @property
    def releases(self) -> Path:
        """Releases, one folder each, never changed."""
        return self.home / "releases"

    @property
    def release_folders(self) -> list[Path]:
        """The folder of every release, by name.

        What a publication that broke off has left begins with a dot. It is no release: its manifest may be half
        written.
        """
        return sorted(each for each in self.releases.glob("[!.]*") if each.is_dir())

    @property
    def warehouse(self) -> Path:
        """The current release's warehouse file: what analysts open."""
        return self.home / "warehouse.duckdb"

    @property
    def ledger(self) -> Path:
        """The ledger of submissions."""
        return self.home / "ledger.sqlite"

    @property
    def erased(self) -> Path:
        """Tombstones of people who were erased: keyed tokens, no identifier (``pipelines.custody.tombstones``)."""
        return self.home / "erased.jsonl"

    @property
    def dagster(self) -> Path:
        """Dagster's own home."""
        return self.home / "dagster"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder of the data root."""
        return (
            self.inbox, self.received, self.site_reports, self.pseudonymised, self.published, self.reference,
            self.builds, self.releases, self.centre, self.dagster,
        )  # fmt: skip


def shown(path: Path) -> str:
    """A path as a user would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def data_root(home: Path | None = None) -> Path:
    """``home``, else ``PARITY_HOME``, else ``var/`` in the working directory; it may not be there."""
    return (home or Path(os.environ.get(ENV_HOME) or "var")).expanduser().resolve()


def zones(home: Path | None = None) -> Zones:
    """The zones below ``data_root(home)``; made if absent.

    The first call of a process checks modes and owners of all that lies there (``pipelines.modes``). Raises
    NotAsked if they cannot be made, and modes.NotOurs if something there is not safe.
    """
    root = data_root(home)
    found = Zones(root)
    is_new = not found.dagster.exists()
    os.umask(0o077)  # DuckDB and SQLite create files 0644 otherwise
    for folder in (root, *found.folders):
        try:
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise NotAsked(
                f"{folder} cannot be used as a folder: {error.strerror}. Set {ENV_HOME} to a folder that you may "
                "write to."
            ) from None
    if is_new:
        sync(root)
        sync(root.parent)
    if root not in _checked:
        closed.extend(modes.hold(root))
        _checked.add(root)
    return found
