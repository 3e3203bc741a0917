"""Whether the pseudonymised rows are still those that were written: a sum of each file, and the word for one that
differs.

Belongs here: writing the sums beside the rows, and holding the rows to them. Does not belong here: writing rows
(``pipelines.store``), reading them (``warehouse.staging``).

Without the sums a damaged file stopped a build by an error of DuckDB, which names nobody. A file that was missing
stopped nothing: its records were simply fewer.
"""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import durable
from schemas.dataset import TABLES
from schemas.errors import ForThePerson
from warehouse.storage import sha256_of

if TYPE_CHECKING:  # it brings DuckDB, which a check does not need
    from warehouse.staging import StagedSubmission

SUMS = "sums.json"
# Every Parquet file begins and ends with these four bytes.
_MARK = b"PAR1"
# Hashing leaves the interpreter to others: 0.8 GB/s each.
_AT_ONCE = 4
_SHOWN = 5


class RowsDamaged(ForThePerson):
    """Rows that count are no longer those that were written. Names provider, month and file."""


def write_sums(folder: Path) -> None:
    """Write the sums of the rows in ``folder``, as they lie there now. The caller waits for the disk."""
    sums = {path.name: sha256_of(path) for path in sorted(folder.glob("*.parquet"))}
    (folder / SUMS).write_text(json.dumps(sums, indent=1), encoding="utf-8")


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Change rows on purpose: the sum of this file is that of afterwards. A kill in between is no damage."""
    try:
        sums = _sums(path.parent)
    except FileNotFoundError:
        yield
        return
    durable.write(path.parent / SUMS, json.dumps({**sums, path.name: None}, indent=1))
    yield
    durable.write(path.parent / SUMS, json.dumps({**sums, path.name: sha256_of(path)}, indent=1))


def damaged_in(folder: Path) -> list[str]:
    """The ids of tables of which the rows in ``folder`` are missing, changed or added, in order of name.

    Rows of a release before 0.9 have no sums: of those only files that are cut off are found.
    """
    there = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
    try:
        sums = _sums(folder)
        return sorted(
            {Path(name).stem for name, said in sums.items() if not _is(folder / name, said)}
            | {id_ for id_ in there if f"{id_}.parquet" not in sums}
        )
    except FileNotFoundError:
        return [id_ for id_, path in there.items() if not _is_whole(path)]
    except (ValueError, AttributeError):
        return sorted(there) or [SUMS]


def are_whole(folder: Path) -> bool:
    """Whether the rows in ``folder`` are there, and are those that were written."""
    return folder.is_dir() and not damaged_in(folder)


def damaged(staged: "Sequence[StagedSubmission]") -> list[str]:
    """What is damaged of these submissions, in words: provider, month, file and submission of each."""
    with ThreadPoolExecutor(_AT_ONCE) as readers:
        found = list(readers.map(damaged_in, [one.folder for one in staged]))
    return [
        f"{one.provider_month}, {id_}.parquet{_named(id_)} (submission {one.submission_id})"
        for one, ids in zip(staged, found, strict=True)
        for id_ in ids
    ]


def hold_to_sums(staged: "Sequence[StagedSubmission]") -> None:
    """Raise RowsDamaged unless the rows of these submissions are those that were written."""
    if not (found := damaged(staged)):
        return
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise RowsDamaged(
        f"Pseudonymised rows are no longer those that were written: {'; '.join(found[:_SHOWN])}{more}. Somebody "
        "changed the files, or the disk is damaged. Nothing was built from them. Run parity reprocess: it makes "
        "these rows again from the received files. Then have the disk checked."
    )


def _named(id_: str) -> str:
    return f" ({TABLES[id_].name})" if id_ in TABLES else ""


def _sums(folder: Path) -> dict[str, str | None]:
    sums: dict[str, str | None] = json.loads((folder / SUMS).read_text(encoding="utf-8"))
    return sums


def _is(path: Path, sha256: str | None) -> bool:
    try:
        return _is_whole(path) if sha256 is None else sha256_of(path) == sha256
    except OSError:  # missing, or the disk cannot read it
        return False


def _is_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begins = file.read(len(_MARK))
            file.seek(-len(_MARK), 2)
            return begins == file.read() == _MARK
    except OSError:
        return False
