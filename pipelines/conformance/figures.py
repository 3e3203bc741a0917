"""The figures of the example submission, and the records that each of them counts.

Belongs here: a few measures of every kind, as a build counts them, and the rows behind each. Does not belong here:
how a submission becomes figures (``pipelines.preview``, ``warehouse.own_figures``), the other files of the pack.

A row of the core has a token in place of the referral's number. The key is made here and lost at the end. So the
tokens of the example's own numbers are made too, and say which referral it was.
"""

import secrets
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import polars as pl

from pipelines.load import own_workspace
from pipelines.preview import rows
from schemas.dataset import TABLES
from schemas.example import example_records
from transforms.pseudonymise import Origin, TokenKey, local_token
from warehouse.build import open_draft
from warehouse.measures.catalogue import GRAINS, Measure, catalogue
from warehouse.own_figures import EVERYBODY, build_own, own_figures, without_groups

# Counts, shares and means, of referrals, contacts, therapies and logs. Each has records in the example.
MEASURES = (
    "REFERRALS", "TREATED_42", "MEAN_WAIT_TREATMENT", "TREATMENT_CONTACTS", "SMI_TREATED", "SMI_WAIT_THERAPY_MEAN",
    "THERAPIES_BEGUN", "IET_LOGS",
)  # fmt: skip
_REFERRAL = "ServiceRequestId"
_KEYS = "provider, service_request_id"
_FIGURES = ("measure", "title", "kind", "unit", "pathway", "numerator", "denominator", "value")
_WORKED = ("measure", "referral", "pathway", "date", "in_denominator", "adds")

Table = tuple[tuple[str, ...], Sequence[tuple[object, ...]]]


def expected_figures(example: Path) -> dict[str, Table]:
    """``expected/figures.csv`` and ``expected/figures-worked.csv`` of the example submission at ``example``."""
    known = {measure.id: measure for measure in catalogue()}
    measures = without_groups([known[name] for name in MEASURES])
    key = TokenKey("p1", secrets.token_hex(32), secrets.token_hex(32))
    with own_workspace() as folder:
        own = rows.of_history(example, folder / "own", key)
        assert own.of is not None
        draft = folder / "own.duckdb"
        build_own(draft, [own.staged], measures=measures)
        found = own_figures(draft).filter(
            pl.col("measure").is_in(MEASURES), pl.col("breakdown") == EVERYBODY, pl.col("month") == own.of.month
        )
        referrals = _referrals(Origin(own.staged.submission_id, own.of), key)
        worked = [
            row for measure in measures for row in _worked(draft, measure, own.of.month.isoformat(), referrals)
        ]
    by_id = {measure.id: measure for measure in measures}
    figures = [
        (
            name,
            by_id[name].title,
            by_id[name].kind,
            by_id[name].unit,
            pathway,
            numerator,
            denominator,
            _short(value),
        )
        for name, pathway, numerator, denominator, value in found.select(
            "measure", "pathway", "numerator", "denominator", "value"
        ).rows()
    ]
    order = {name: place for place, name in enumerate(by_id)}
    figures.sort(key=lambda row: (order[str(row[0])], row[4] != "all", str(row[4])))
    return {"expected/figures.csv": (_FIGURES, figures), "expected/figures-worked.csv": (_WORKED, worked)}


def _referrals(origin: Origin, key: TokenKey) -> dict[UUID, str]:
    """The numbers of the example's referrals by their tokens."""
    table = TABLES["IDS101"]
    numbers = pl.DataFrame({_REFERRAL: [record[_REFERRAL] for record in example_records(table)]})
    tokens = numbers.select(local_token(pl.col(_REFERRAL), table.by_name[_REFERRAL], origin, key)).to_series()
    return dict(zip((UUID(bytes=token) for token in tokens), numbers[_REFERRAL].to_list(), strict=True))


def _worked(draft: Path, measure: Measure, month: str, referrals: dict[UUID, str]) -> list[tuple[object, ...]]:
    """Every row of the measure's grain in the month: whether it is in the denominator, and what it adds to the
    numerator (a number of a mean, else 1 or 0).
    """
    is_counted = measure.denominator or measure.numerator
    adds = f"CAST({measure.numerator} AS BIGINT)"
    # A finished draft has no numbers of a batch: its tables are joined by the keys that they stand for.
    grain = GRAINS[measure.grain].replace(", referral_number)", ")").replace("(referral_number)", f"({_KEYS})")
    sql = (
        f"SELECT service_request_id, pathway, {measure.date_column} AS day, coalesce({is_counted}, false), "
        f"coalesce({adds}, 0) FROM ({grain}) WHERE date_trunc('month', {measure.date_column}) = DATE '{month}'"
    )
    with open_draft(draft) as con:
        found = con.execute(sql).fetchall()
    applies = [row for row in found if not measure.pathways or row[1] in measure.pathways]
    return sorted(
        (measure.id, referrals[token], pathway, str(on), "yes" if counted else "no", value if counted else 0)
        for token, pathway, on, counted, value in applies
    )


def _short(value: float | None) -> str:
    """A figure with at most six decimals, blank where there is none."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")
