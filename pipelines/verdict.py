"""The verdict on a submission: one value for the report, the ledger and Dagster.

Belongs here: the content of a verdict, and how it is written and read. Does not belong here: how it is reached
(``transforms.submission``), the report to sites (``reports.site``).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Self

import polars as pl

from pipelines.ledger import State
from schemas.rule import Effect
from schemas.versions import Version
from transforms.findings import REJECTIONS
from transforms.submission import Header, SubmissionChecked

_OWN = ("state", "counts", "found", "rules", "key", "made_with", "erased", "questions")


@dataclass(frozen=True)
class Verdict:
    """The verdict on one submission.

    ``header`` has the values of its header. ``counts`` per table id: rows_in, accepted, rejected. ``found`` per
    table id: how many findings reject (rejections) or warn (warnings). ``rules``: findings per rule id.
    ``made_with`` is the version of the code that reached it and made its pseudonymised rows. ``key`` is the
    fingerprint of the key of these rows, empty if there are none. ``erased`` says how
    many rows of people who were erased were struck, and by which tombstones: no other number counts them.
    ``questions`` are those that its counts raise beside the service's own months (``pipelines.past``).
    """

    state: State
    header: Header
    counts: Mapping[str, Mapping[str, int]]
    found: Mapping[str, Mapping[str, int]]
    rules: Mapping[str, int]
    key: str = ""
    made_with: str = ""
    erased: Mapping[str, Any] = field(default_factory=dict)
    questions: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def of(
        cls,
        checked: SubmissionChecked,
        key: str = "",
        made_with: str = "",
        erased: Mapping[str, Any] | None = None,
        questions: Sequence[Mapping[str, Any]] = (),
    ) -> Self:
        """The verdict of a check."""
        state, findings = state_of(checked), checked.findings
        rules = dict(findings.group_by("rule_id").len().sort("rule_id").iter_rows())
        of_rows = key if state.is_accepted else ""
        return cls(
            state, checked.header, checked.counts(), _found(findings), rules, of_rows, made_with, erased or {},
            tuple(questions),
        )  # fmt: skip

    def to_json(self) -> str:
        """The verdict as text, for ``from_json``."""
        said = {name: getattr(self, name) for name in _OWN} | asdict(self.header)
        return json.dumps(said, indent=1, default=date.isoformat)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The verdict that ``to_json`` wrote."""
        said: dict[str, Any] = json.loads(text)
        start, end = (date.fromisoformat(day) if (day := said[name]) else None for name in ("start", "end"))
        header = Header(said["provider"], start, end, Version(said["version"]) if said["version"] else None)
        by = (
            said.get("key", ""),
            said.get("made_with", ""),
            said.get("erased", {}),
            tuple(said.get("questions", ())),
        )
        return cls(State(said["state"]), header, said["counts"], said["found"], said["rules"], *by)

    def detail(self) -> dict[str, Any]:
        """The part that the ledger keeps: version, counts, rules and questions, and by what any rows were made."""
        version = self.header.version.value if self.header.version else None
        every = {
            "key": self.key, "made_with": self.made_with, "erased": self.erased, "questions": list(self.questions),
        }  # fmt: skip
        by = {name: value for name, value in every.items() if value}
        return {"version": version, "counts": self.counts, "rules": self.rules} | by


def state_of(checked: SubmissionChecked) -> State:
    """The outcome of a submission, by the most serious of its findings."""
    heaviest = checked.heaviest
    if heaviest is None or not heaviest.is_applied:
        return State.ACCEPTED
    if heaviest is Effect.REJECT_FILE:
        return State.FILE_REJECTED
    return State.ACCEPTED_WITH_REJECTIONS if heaviest.is_rejection else State.ACCEPTED_WITH_WARNINGS


def _found(findings: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Findings per table that reject and that warn; not those of which nothing comes."""
    rejects = pl.col("effect").is_in(REJECTIONS)
    applied = [effect.value for effect in Effect if effect.is_applied]
    per_table = (
        findings.filter(pl.col("table").is_not_null(), pl.col("effect").is_in(applied))
        .group_by("table", maintain_order=True)
        .agg(rejections=rejects.sum(), warnings=(~rejects).sum())
    )
    return {
        row["table"]: {"rejections": row["rejections"], "warnings": row["warnings"]}
        for row in per_table.iter_rows(named=True)
    }
