"""Which files of a release are public, and which are for those inside.

Belongs here: telling the two apart by name. Does not belong here: writing them (``warehouse.release``), checking
the public ones (``screener``).

Every file of a release is one or the other. A file that is neither is not published, and does not outlive the
release's exact figures.
"""

from pathlib import Path

MANIFEST = "manifest.json"
DATABASE = "parity.duckdb"
PUBLIC_DATABASE = "parity-public.duckdb"
PACKAGE, INSIDE_PACKAGE = "datapackage.json", "datapackage-inside.json"
OPEN_DATA, PAGES, INSIDE = "open_data/", "pages/", "inside/"
CHANGES, PUBLIC_CHANGES = "changes.json", "public.changes.json"
# Beginnings of names, relative to the release's folder.
_PUBLIC = ("public.", PACKAGE, PUBLIC_DATABASE, OPEN_DATA, PAGES)
_INSIDE = ("mart.", "meta.", DATABASE, MANIFEST, CHANGES, INSIDE_PACKAGE, INSIDE)


def public_files(release: Path) -> list[Path]:
    """The public files of a release, in the order of their names."""
    return _named(release, _PUBLIC)


def inside_files(release: Path) -> list[Path]:
    """All other files: exact figures and what names submissions."""
    public = set(public_files(release))
    return [path for path in files_of(release) if path not in public]


def unknown_files(release: Path) -> list[Path]:
    """Files that a release does not have."""
    known = {*_named(release, _PUBLIC), *_named(release, _INSIDE)}
    return [path for path in files_of(release) if path not in known]


def files_of(release: Path) -> list[Path]:
    """Every file of a release, in its folders too, in the order of their names."""
    return sorted(path for path in release.rglob("*") if path.is_symlink() or not path.is_dir())


def _named(release: Path, beginnings: tuple[str, ...]) -> list[Path]:
    return [path for path in files_of(release) if path.relative_to(release).as_posix().startswith(beginnings)]
