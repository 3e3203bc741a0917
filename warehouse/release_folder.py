"""The folder of a release: its manifest, who may write it, what is screened, and a folder that it gets later.

Belongs here: what publishing and adding to a release share. Does not belong here: what is in a release
(``warehouse.release``), the rules of screening (``warehouse.disclosure``).
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb

from schemas.errors import ForThePerson
from warehouse.disclosure.parts import DATABASE, MANIFEST, files_of
from warehouse.disclosure.screener import screen
from warehouse.storage import sha256_of, sync


class ReleaseError(ForThePerson):
    """A draft may not be published; the message lists every problem."""


def add(folder: Path, name: str, write: Callable[[Path], object]) -> bool:
    """Give a release the folder ``name``, which ``write`` makes, if its manifest has no file of it; whether it did.

    ``write`` gets a copy of the release. The new files are screened, take their place at once, and are named in the
    manifest; all others stay as they are. Raises ReleaseError where the screener objects.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if any(file.startswith(f"{name}/") for file in manifest.pop("files")):
        return False
    partial = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        shutil.copytree(folder, partial, copy_function=second_name, ignore=shutil.ignore_patterns(name, MANIFEST))
        write(partial)
        screened(partial)
        write_manifest(partial, manifest)
        close(partial)
        shutil.rmtree(folder / name, ignore_errors=True)  # of a process that was killed before the manifest
        (partial / name).replace(folder / name)
        (partial / MANIFEST).replace(folder / MANIFEST)
        sync(folder)
    except duckdb.Error:
        raise ReleaseError(
            f"The release {folder.name} was made by an earlier version and lacks what the check of public files "
            "needs. Publish again with `parity publish`: the new release has its pages."
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return True


def screened(folder: Path) -> None:
    """Read the public files of a release once more. Raises ReleaseError where the screener objects."""
    with duckdb.connect(str(folder / DATABASE), read_only=True) as con:
        problems = screen(folder, con)
    if problems:
        raise ReleaseError(
            "The release cannot be published, its public files have problems: " + "; ".join(problems)
        )


def write_manifest(folder: Path, manifest: dict[str, object]) -> None:
    """Write the manifest of a release: what is given, and size and SHA-256 of every file."""
    described = {}
    for path in files_of(folder):
        name = path.relative_to(folder).as_posix()
        described[name] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    text = json.dumps({**manifest, "files": described}, indent=2, sort_keys=True, default=str)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def close(folder: Path) -> None:
    """Wait for every file of a release to be on the disk, and let nobody write it."""
    for path in files_of(folder):
        sync(path)
        path.chmod(0o444)
    for each in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        sync(each)


def second_name(source: str, target: str) -> None:
    """Give a file a second name; where the file system has no hard links, copy it."""
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)
