"""What a draft or a release is made of, and the name that follows from it.

Belongs here: the inputs of a build, as they are now or as a draft recorded them. Does not belong here: building
(``warehouse.build``), publishing (``warehouse.release``).

A draft records each input in the step that reads it. So a release is named from what it holds, and not from what
has arrived since.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from schemas.month import month_text
from warehouse.organisations.importing import reference_digest
from warehouse.published import statistics_digest
from warehouse.staging import StagedSubmission

Made = tuple[str, date, str, date | None, str | None]
"""One submission: provider, month, id, day received, and by what its rows were made."""


@dataclass(frozen=True)
class Inputs:
    """Everything that decides what a release says.

    ``published`` and ``reference`` are hashes of the imported files, empty where there are none.
    ``protected_with`` is the fingerprint of the secret that decides the random errors of public figures.
    """

    submissions: frozenset[Made]
    published: str = ""
    reference: str = ""
    protected_with: str = ""
    code_version: str = ""

    @property
    def submission_ids(self) -> list[str]:
        """The ids of its submissions, ordered by provider and month."""
        return [made[2] for made in sorted(self.submissions, key=lambda made: made[:3])]

    @property
    def keys(self) -> set[str]:
        """The fingerprints of the keys of its rows: the last word of what they were made with."""
        return {made_with.split()[-1] for *_, made_with in self.submissions if made_with}

    @property
    def digest(self) -> str:
        """SHA-256 over all of it but the code."""
        submissions = sorted(map(list, self.submissions), key=lambda made: made[:3])
        said = [submissions, self.published, self.reference, self.protected_with]
        return hashlib.sha256(json.dumps(said, default=date.isoformat).encode()).hexdigest()

    @property
    def release_id(self) -> str:
        """The name of the release: last month and eight hex digits.

        "2026-03-1a2b3c4d"; "published-1a2b3c4d" where there is no submission.
        """
        digest = hashlib.sha256(f"{self.digest} {self.code_version}".encode()).hexdigest()[:8]
        last = max((made[1] for made in self.submissions), default=None)
        return f"{month_text(last)}-{digest}" if last else f"published-{digest}"


def present(
    current: Iterable[StagedSubmission],
    code_version: str = "",
    published: Path | None = None,
    reference: Path | None = None,
    protected_with: str = "",
) -> Inputs:
    """The inputs as they are now: ``published`` and ``reference`` are the folders of the imported files."""
    submissions = frozenset(
        (w.provider, w.month, w.submission_id, w.received_on, w.made_with or None) for w in current
    )
    statistics = statistics_digest(published)
    return Inputs(submissions, statistics, reference_digest(reference), protected_with, code_version)


def recorded(draft: Path) -> Inputs:
    """The inputs that a draft or a release recorded. Raises duckdb.Error if it is not complete."""
    with duckdb.connect(str(draft), read_only=True) as con:
        return recorded_in(con)


def recorded_in(con: duckdb.DuckDBPyConnection) -> Inputs:
    """The inputs that the open draft or release recorded. Raises duckdb.Error if it is not complete."""
    submissions = con.execute(
        "SELECT provider, month, submission_id, received_on, made_with FROM core.submission"
    ).fetchall()
    ((published, reference, protected_with, code_version),) = con.execute(
        "SELECT coalesce(published_statistics, ''), coalesce(reference_data, ''), coalesce(protected_with, ''), "
        "coalesce(code_version, '') FROM meta.build"
    ).fetchall()
    return Inputs(frozenset(submissions), published, reference, protected_with, code_version)
