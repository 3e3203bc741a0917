"""Object storage between the machines of a cluster: files are copied there and back, by one interface.

Belongs here: reaching the storage, and building parts on machines that share nothing else. Does not belong here:
what a part is (``warehouse.parts``), where it is built (``pipelines.spread``).

What is there lasts as long as one publication: pseudonymised rows that are erased must not stay in a copy. The
storage is named by an address, such as ``s3://bucket/folder?endpoint_override=host:port``, or ``file:///folder``.
It travels to the machines, so it has no key: each reads its own, as ``AWS_ACCESS_KEY_ID`` or from the role it has.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipelines.disk import trouble
from schemas.errors import ForThePerson, NotAsked
from warehouse.build import build_part
from warehouse.parts import Part, Spread

ENV_OBJECTS = "PARITY_OBJECTS"
_SCHEMES = ("s3", "file")
_PUBLICATION = "publication"
# A copy waits for the other side, not for a core.
_COPIES_AT_A_TIME = 8


class StorageFailed(ForThePerson):
    """The object storage did not do what it was asked. The message says where, and never a key."""


@dataclass(frozen=True)
class Storage:
    """Object storage at ``address``. Objects are named by their path below it. Raises StorageFailed."""

    address: str

    @property
    def shown(self) -> str:
        """The address without what is said of how to reach it."""
        return self.address.partition("?")[0]

    def put(self, file: Path, name: str) -> None:
        """Copy a file there. It is there whole, or not at all."""
        with self._reached() as (system, below), file.open("rb") as source:
            if system.type_name == "local":  # S3 has no folders: each would be an object, and a request
                system.create_dir(str(Path(below, name).parent), recursive=True)
            with system.open_output_stream(f"{below}/{name}") as target:
                shutil.copyfileobj(source, target, 1 << 22)

    def get(self, name: str, file: Path) -> None:
        """Copy an object into a new file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        with (
            self._reached() as (system, below),
            file.open("xb") as target,
            system.open_input_stream(f"{below}/{name}") as source,
        ):
            shutil.copyfileobj(source, target, 1 << 22)

    def names(self, folder: str) -> list[str]:
        """The objects below a folder, by their names in it, sorted."""
        from pyarrow import fs

        with self._reached() as (system, below):
            found = system.get_file_info(fs.FileSelector(f"{below}/{folder}", allow_not_found=True, recursive=True))
            start = len(f"{below}/{folder}/")
            return sorted(each.path[start:] for each in found if each.type == fs.FileType.File)

    def clear(self, folder: str) -> None:
        """Delete all objects below a folder."""
        with self._reached() as (system, below):
            system.delete_dir_contents(f"{below}/{folder}", missing_dir_ok=True)

    @contextmanager
    def _reached(self) -> Iterator[tuple[Any, str]]:
        from pyarrow import fs  # 30 ms that only a publication through object storage needs

        try:
            system, below = fs.FileSystem.from_uri(self.address)
            yield system, below.rstrip("/")
        except (OSError, ValueError) as error:
            if trouble(error):  # of this machine's own disk
                raise
            raise StorageFailed(
                f"The object storage at {self.shown} failed ({type(error).__name__}). See that it answers, that "
                "there is room, and that this machine has a key that may read, write and delete there."
            ) from None


@dataclass(frozen=True)
class Task:
    """A part whose files are in ``storage``, below ``folder``, under the names that they have here."""

    storage: Storage
    folder: str
    part: Part

    @property
    def providers(self) -> tuple[str, ...]:
        """Whose part it is."""
        return self.part.providers


def chosen_storage() -> Storage | None:
    """The storage that ``PARITY_OBJECTS`` names, or none. Raises NotAsked for another form, or a key in it."""
    address = os.environ.get(ENV_OBJECTS, "").strip()
    if not address:
        return None
    read = urlsplit(address)
    if read.scheme not in _SCHEMES or not (read.netloc if read.scheme == "s3" else read.path.strip("/")):
        raise NotAsked(f"{ENV_OBJECTS} must be the address of object storage, such as s3://bucket/parity.")
    if "@" in read.netloc:
        raise NotAsked(
            f"{ENV_OBJECTS} must not have a key in it: it travels to all machines. Give each machine its own, as "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    return Storage(address)


def through(storage: Storage, spread: Callable[[Callable[[Any], Any], Sequence[Any]], Iterator[Any]]) -> Spread:
    """As ``spread``, on machines that have no folder in common with this one, but ``storage``.

    What a publication that was cut off left there is deleted first: the draft has one owner (decision 0059).
    """

    def by_copies(do: Callable[[Part], None], parts: Sequence[Part]) -> Iterator[Part]:
        assert do is build_part
        storage.clear(_PUBLICATION)
        folder = f"{_PUBLICATION}/{secrets.token_hex(8)}"
        try:
            _send(storage, folder, parts)
            tasks = [Task(storage, folder, part) for part in parts]
            for part, _ in zip(parts, spread(build_there, tasks), strict=True):
                storage.get(f"{folder}/{_built(part)}", part.file)
                yield part
        finally:
            with suppress(StorageFailed):  # the next publication clears it, and what was raised before says more
                storage.clear(_PUBLICATION)

    return by_copies


def build_there(task: Task) -> None:
    """Build a part on this machine from copies of its files, and copy it back."""
    storage, folder, part = task.storage, task.folder, task.part
    with tempfile.TemporaryDirectory(prefix="parity-") as scratch:
        place = Path(scratch)
        own = replace(
            part,
            file=place / "part.duckdb",
            reference=place / "reference.duckdb",
            current=tuple(replace(each, folder=place / each.folder.name) for each in part.current),
        )
        storage.get(f"{folder}/{own.reference.name}", own.reference)
        for each in own.current:
            each.folder.mkdir()
            for name in storage.names(f"{folder}/staged/{each.folder.name}"):
                storage.get(f"{folder}/staged/{each.folder.name}/{name}", each.folder / name)
        build_part(own)
        storage.put(own.file, f"{folder}/{_built(part)}")


def _send(storage: Storage, folder: str, parts: Sequence[Part]) -> None:
    """Copy what the parts read: the reference data, and the rows of all their submissions."""
    files = [(parts[0].reference, f"{folder}/reference.duckdb")] if parts else []
    files += [
        (file, f"{folder}/staged/{each.folder.name}/{file.name}")
        for part in parts
        for each in part.current
        for file in sorted(each.folder.glob("*.parquet"))
    ]
    with ThreadPoolExecutor(_COPIES_AT_A_TIME) as pool:
        for _ in pool.map(lambda pair: storage.put(*pair), files):
            pass


def _built(part: Part) -> str:
    return f"parts/{part.file.name}"
