"""From the ledger's current submissions to a published release.

Belongs here: which submissions a build takes, what names a release, and the steps in order. Does not belong
here: SQL (``warehouse``), Dagster (``pipelines.assets``).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypedDict

from pipelines import event_log, store
from pipelines.acting import acting_as
from pipelines.ask import release_name
from pipelines.code_version import figures_version, release_version
from pipelines.custody import has_files
from pipelines.judged import judged
from pipelines.kept import is_as_received
from pipelines.keys import disclosure_key, fingerprint, spine_key
from pipelines.ledger import Head, Ledger, Outcome, State
from pipelines.objects import chosen_storage, through
from pipelines.outdated import outdated
from pipelines.pages import with_release
from pipelines.publishing import submissions_of
from pipelines.row_sums import hold_to_sums
from pipelines.spread import Run, chosen, cluster, part_memory, spread_by
from pipelines.zones import Zones, shown
from reports.site.wording import counted
from schemas.errors import ForThePerson
from warehouse import build, inputs, published, release
from warehouse.disclosure.parts import MANIFEST
from warehouse.organisations.importing import reference_digest, source_files
from warehouse.parts import Spread
from warehouse.staging import StagedSubmission

# DuckDB would take four fifths of the machine (9.7 GB at 10 M contacts); beyond this it spills to disk.
MEMORY_LIMIT = "4GB"


class NotPublishable(ForThePerson):
    """There is nothing to publish, or publishing is not allowed. The message says why. The published release
    stays.
    """


class Release(TypedDict):
    """A published release: its name, the file for analysts, its folder, and whether it is new. ``left_out`` names
    the months that it is without, since their received files are damaged. ``outdated`` is how many of the
    submissions that count another version of Parity checked.
    """

    release: str
    warehouse: str
    folder: str
    is_new: bool
    submissions: int
    left_out: list[str]
    outdated: int


def current_submissions(zones: Zones, ledger: Ledger) -> list[StagedSubmission]:
    """The submissions that count, with their pseudonymised rows, all under the key of today (``_of_today``)."""
    outcomes, _ = _of_today(zones, ledger)
    return [
        StagedSubmission(
            outcome.receipt.submission_id,
            outcome.provider_month,
            store.rows_of(outcome.receipt.submission_id, outcome.detail, zones),
            outcome.receipt.received_on,
            _made_with(outcome.detail),
        )
        for outcome in outcomes
        if outcome.provider_month
    ]


def left_out(zones: Zones, ledger: Ledger) -> list[str]:
    """The provider and month of each submission that a publication is without, since its files are damaged."""
    return named(_of_today(zones, ledger)[1])


def _of_today(zones: Zones, ledger: Ledger) -> tuple[list[Outcome], list[Outcome]]:
    """The submissions that count with rows under the key of today, and those whose rows cannot be made under it.

    Under two keys the same person would count twice. Under an earlier one the release would still have the tokens
    that a rotation is to end. One damaged folder must not keep all others from being published: its month counts
    as not submitted. Raises NotPublishable while others wait to be made under the key of today.
    """
    counting, today = ledger.current_submissions(), fingerprint(spine_key())
    others = [outcome for outcome in counting if outcome.detail.get("key", "unknown") != today]
    if not others:
        return counting, []
    failed = {o.receipt.submission_id for o in ledger.outcomes() if o.state is State.FAILED}
    tried = [outcome for outcome in others if outcome.receipt.submission_id in failed]
    lost = [o for o in tried if not is_as_received(zones.received / o.receipt.submission_id)]
    if waiting := [outcome for outcome in others if outcome not in lost]:
        keys = sorted({outcome.detail.get("key", "unknown") for outcome in waiting})
        removed = named(outcome for outcome in waiting if not has_files(outcome))
        raise NotPublishable(
            f"{len(waiting)} of the submissions were pseudonymised under key {', '.join(keys)}. The key of today "
            f"is {today}. Run parity reprocess: it uses the key of today for all submissions. If the key "
            "of today is not the right one, restore the right one (`parity keys verify`)."
            + (
                f" The files of {', '.join(removed)} were removed (parity prune), and nothing can be made of them "
                "again: load these months again, or withdraw them (parity withdraw)."
                if removed
                else ""
            )
        )
    return [outcome for outcome in counting if outcome not in lost], lost


def _made_with(detail: Mapping[str, Any]) -> str:
    """By what the rows of an acceptance were made: code, rows of erased people that were struck, and key."""
    erased = f"erased-{detail['erased']['rows']}" if detail.get("erased") else ""
    return " ".join(filter(None, (detail.get("made_with"), erased, detail.get("key"))))


def named(outcomes: Iterable[Outcome]) -> list[str]:
    """Provider and month of each that has them, as a command takes them."""
    return [of.as_typed for outcome in outcomes if (of := outcome.provider_month)]


def planned_release(zones: Zones, staged: Sequence[StagedSubmission]) -> str:
    """The name of the release that these current submissions, this code and this key make: same inputs, same
    name.
    """
    protected_with = fingerprint(disclosure_key())
    version = release_version(memory=zones.builds)
    return inputs.present(staged, version, zones.published, zones.reference, protected_with).release_id


def build_core(zones: Zones, ledger: Ledger) -> dict[str, int]:
    """Update the draft to the current submissions. Only providers with new submissions are built again.

    Raises NotPublishable if no submission has been accepted, LedgerBroken if the ledger was changed, and
    row_sums.RowsDamaged if rows that count are not those that were written.
    """
    ledger.verify(noted_in_releases(zones))
    staged = current_submissions(zones, ledger)
    if not staged and not has_published(zones):
        raise NotPublishable("No submission has been accepted yet. Load one with `parity load PATH`.")
    if gone := sum(not one.folder.is_dir() for one in staged):
        raise NotPublishable(
            f"Rows were removed of {counted(gone, 'submission')} that must count. Run parity reprocess, or load "
            "their files again."
        )
    hold_to_sums(staged)
    run, version = chosen(), figures_version(memory=zones.builds)
    return build.build_core(
        zones.draft,
        staged,
        # Who puts parts together has as much as each of those who build them: 3 GB in all with two.
        memory_limit=part_memory() if run else MEMORY_LIMIT,
        reference=zones.reference,
        # The key is part of it: rows deleted from a draft stay in its free blocks, with the tokens of the old key.
        built_with=f"{version} {reference_digest(zones.reference)} {fingerprint(spine_key())}",
        spread=spread_of(run) if run else None,
        part_memory=part_memory(),
    )


def spread_of(run: Run) -> Spread:
    """How ``run`` builds parts: on a cluster through object storage, if ``PARITY_OBJECTS`` names one."""
    storage = chosen_storage() if cluster.get() else None
    return through(storage, spread_by(run)) if storage else spread_by(run)


def build_marts(zones: Zones) -> dict[str, int]:
    """Add published statistics, marts, the public schema and comments to the draft."""
    rows = published.load_published(zones.draft, zones.published) if has_published(zones) else {}
    rows |= build.build_marts(zones.draft, memory_limit=MEMORY_LIMIT)
    key = disclosure_key()
    return rows | build.complete(
        zones.draft,
        secret=key.secret,
        protected_with=fingerprint(key),
        code_version=release_version(memory=zones.builds),
        memory_limit=MEMORY_LIMIT,
    )


def publish(zones: Zones, ledger: Ledger) -> Release:
    """Check the draft and publish it. The earlier release stays until the new one is complete.

    The release is named from what the draft recorded. What was loaded since is in the next one. Raises
    NotPublishable if the draft was built by other code or under another key, LedgerBroken if the ledger was
    changed, and warehouse.release.ReleaseError with every problem found.
    """
    held, key = inputs.recorded(zones.draft), disclosure_key()
    today = fingerprint(spine_key())
    version = release_version(memory=zones.builds)
    is_of_today = (held.code_version, held.protected_with) == (version, fingerprint(key))
    if not is_of_today or held.keys - {today}:
        raise NotPublishable(
            "The draft was built by another version of Parity or under another key. Run parity publish again: it "
            "builds a new one."
        )
    is_new = not (zones.releases / held.release_id).exists()
    manifest = {
        "inputs_hash": held.digest,
        "submissions": held.submission_ids,
        "key": today,
        "ledger": asdict(ledger.verify(noted_in_releases(zones))),
    }
    release.publish(
        zones.draft,
        zones.releases,
        held.release_id,
        zones.warehouse,
        manifest,
        key.secret,
        at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        reference_files=source_files(zones.reference)
        if held.reference == reference_digest(zones.reference)
        else {},
        judged=judged(ledger.events(), max((made[1] for made in held.submissions), default=None)),
        also=with_release,
    )
    made = _release(zones, ledger, held.release_id, is_new, len(held.submissions))
    event_log.happened(
        "release",
        release=made["release"],
        is_new=made["is_new"],
        submissions=made["submissions"],
        left_out=len(made["left_out"]),
        by=acting_as.get(),
    )
    return made


def current_release(zones: Zones, ledger: Ledger, is_new: bool = True) -> Release:
    """The current release. Raises schemas.errors.NotAsked if there is none."""
    name = release_name(zones)
    held = submissions_of(zones.releases / name)
    return _release(zones, ledger, name, is_new, len(held))


def is_current(zones: Zones, ledger: Ledger) -> bool:
    """Whether the published release is the one these submissions and this code would make."""
    return zones.warehouse.exists() and release_name(zones) == planned_release(
        zones, current_submissions(zones, ledger)
    )


def noted_in_releases(zones: Zones) -> dict[str, Head]:
    """The last event of the ledger when each release was made, by «release» and its name."""
    there = (path for folder in zones.release_folders if (path := folder / MANIFEST).exists())
    manifests = (json.loads(path.read_text(encoding="utf-8")) for path in there)
    # Releases made by 0.5 or earlier note none.
    return {f"release {each['release_id']}": Head(**each["ledger"]) for each in manifests if "ledger" in each}


def has_published(zones: Zones) -> bool:
    """Whether NHS England's published statistics were imported."""
    return any(zones.published.glob("*.parquet"))


def _release(zones: Zones, ledger: Ledger, name: str, is_new: bool, submissions: int) -> Release:
    of_today, lost = _of_today(zones, ledger)
    return Release(
        release=name,
        warehouse=shown(zones.warehouse),
        folder=shown(zones.releases / name),
        is_new=is_new,
        submissions=submissions,
        left_out=named(lost),
        outdated=len(outdated(zones, [*of_today, *lost])),
    )
