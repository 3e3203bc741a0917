"""Reference data of the data root: imported completely or not at all, normalised, dated.

Belongs here: which files of a folder are taken, the tidy copy a build loads, and what it was made of. Does not
belong here: what the files must look like (``ods``, ``own_layout``), and downloading them.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import NotAsked
from warehouse.organisations.ods import ODS_FILES, SUCCESSIONS, Reference, read_reference
from warehouse.organisations.own_layout import OWN_FILES
from warehouse.payment.tariff_file import COLUMNS as TARIFF
from warehouse.storage import sha256_of

SOURCE_FILE = "source.json"
TIDY: dict[str, dict[str, Any]] = {
    "organisation": {
        "organisation": pl.String, "name": pl.String, "kind": pl.String, "opened_on": pl.Date,
        "closed_on": pl.Date, "parent": pl.String, "icb": pl.String, "region": pl.String,
    },
    "succession": {"organisation": pl.String, "successor": pl.String, "effective_on": pl.Date},
    "deprivation": {"postcode_district": pl.String, "decile": pl.Int32},
    "population": {
        "organisation": pl.String, "breakdown": pl.String, "breakdown_group": pl.String, "as_of": pl.Date,
        "persons": pl.Int64, "source": pl.String, "confidence": pl.String,
    },
    "process_change": {
        "provider": pl.String, "month": pl.Date, "pathway": pl.String, "measure": pl.String, "reason": pl.String,
    },
    "earlier_deprivation": {
        "postcode_district": pl.String, "as_of": pl.Date, "decile": pl.Int32, "source": pl.String,
        "confidence": pl.String,
    },
    "site_location": {
        "organisation": pl.String, "postcode": pl.String, "latitude": pl.String, "longitude": pl.String,
        "valid_from": pl.Date, "source": pl.String, "confidence": pl.String,
    },
    "tariff": dict.fromkeys(TARIFF, pl.String),
    "target": {
        "organisation": pl.String, "series": pl.String, "due": pl.Date, "target": pl.Int64, "source": pl.String,
        "confidence": pl.String,
    },
}  # fmt: skip

# Problems shown at once.
_SHOWN = 20


class ReferenceRefused(NotAsked):
    """Reference files cannot be imported; the message lists every problem. Earlier files stay in use."""


@dataclass(frozen=True)
class Taken:
    """What ``take_reference`` did: rows per table, what to know, and whether anything changed."""

    rows: dict[str, int]
    notes: list[str]
    is_new: bool


def take_reference(path: Path, out: Path) -> Taken:
    """Take reference files in and keep them tidy in ``out``; what an earlier call left there is replaced.

    ``path`` is a folder or one file. ``out`` changes only if every file is readable and valid. Importing the same
    files again changes nothing. ``source.json`` (SHA-256 and date of every source) is written last.

    Raises ReferenceRefused with every problem found.
    """
    sources = _sources(path)
    reference = read_reference(sources)
    if reference.problems:
        more = len(reference.problems) - _SHOWN
        listed = "\n".join(f"  {problem}" for problem in reference.problems[:_SHOWN])
        raise ReferenceRefused(
            f"The reference files in {path} were not imported, and nothing has changed. "
            f"Correct these problems:\n{listed}" + (f"\n  and {more} similar problems" if more > 0 else "")
        )
    frames = tidy(reference)
    digests = {source.name: sha256_of(source) for source in sources}
    is_same = source_files(out) == digests and all(
        (out / f"{name}.parquet").is_file() and pl.read_parquet(out / f"{name}.parquet").equals(frame)
        for name, frame in frames.items()
    )
    if not is_same:
        _write(frames, out, sources, digests)
    return Taken({name: frame.height for name, frame in frames.items()}, reference.notes, not is_same)


def reference_digest(folder: Path | None) -> str:
    """What names the reference data a build takes: a hash over its sources; empty when there are none."""
    lines = [f"{name} {sha256}" for name, sha256 in sorted(source_files(folder).items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def source_files(folder: Path | None) -> dict[str, str]:
    """The files the reference data was made of, with their SHA-256."""
    return {name: one["sha256"] for name, one in _known(folder).items()}


def tidy(reference: Reference) -> dict[str, pl.DataFrame]:
    """The tables as frames in order of their keys."""
    rows: dict[str, list[tuple[Any, ...]]] = {
        "organisation": [
            (o.code, o.name, o.kind, o.opened_on, o.closed_on, o.parent, o.icb, o.region)
            for _, o in sorted(reference.organisations.items())
        ],
        "succession": sorted(reference.successions),
        "deprivation": sorted(reference.own.deprivation.items()),
        "population": [(*key, *value) for key, value in sorted(reference.own.population.items())],
        "process_change": [
            (provider, month, pathway or None, measure or None, reason)
            for (provider, month, pathway, measure), reason in sorted(reference.own.process_change.items())
        ],
        "earlier_deprivation": [(*key, *value) for key, value in sorted(reference.own.earlier_deprivation.items())],
        "site_location": [(*key, *value) for key, value in sorted(reference.own.site_location.items())],
        "tariff": [tuple(row[name] or None for name in TARIFF) for row in reference.own.tariff],
        "target": [(*key, *value) for key, value in sorted(reference.own.target.items())],
    }
    return {name: pl.DataFrame(rows[name], schema, orient="row") for name, schema in TIDY.items()}


def _sources(path: Path) -> list[Path]:
    if not path.exists():
        raise ReferenceRefused(f"There is no file or folder called {path}.")
    found = sorted(path.iterdir()) if path.is_dir() else [path]
    known = {f"{stem}.csv" for stem in (*ODS_FILES, *SUCCESSIONS, *OWN_FILES)} | {"providers.parquet"}
    sources = [each for each in found if each.name.lower() in known]
    if not any(each.stem.lower() not in OWN_FILES for each in sources):
        raise ReferenceRefused(
            f"{path} has no file of organisations. What is read: {', '.join(sorted(known))} (unpack zips first)."
        )
    # The tidy file last: where ODS says something of a code, ODS is kept.
    return sorted(sources, key=lambda each: (each.name.lower() == "providers.parquet", each.name.lower()))


def _write(frames: dict[str, pl.DataFrame], out: Path, sources: list[Path], digests: dict[str, str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(out / f"{name}.partial")
    (out / SOURCE_FILE).unlink(missing_ok=True)
    for name in frames:
        (out / f"{name}.partial").replace(out / f"{name}.parquet")
    described = {
        source.name: {
            "sha256": digests[source.name],
            "date": f"{datetime.fromtimestamp(source.stat().st_mtime, UTC):%Y-%m-%d}",
        }
        for source in sources
    }
    partial = out / f"{SOURCE_FILE}.partial"
    partial.write_text(json.dumps(described, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(out / SOURCE_FILE)


def _known(folder: Path | None) -> dict[str, dict[str, str]]:
    path = folder / SOURCE_FILE if folder else None
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path and path.is_file() else {}
