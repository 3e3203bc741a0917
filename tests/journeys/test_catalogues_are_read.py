"""Every column of the catalogues of instruments and pathways is read: another value changes what is found.

Proved by behaviour: in a copy of the tables one cell per column is changed, each in an instrument or pathway of its
own, and the same records are checked and built on both. A page of the documentation is no reader. A column that has
no entry here fails, and so does an entry whose change shows nowhere.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.load import check_path
from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.instrument_checks import COLUMNS as INSTRUMENT_COLUMNS
from schemas.instruments import instruments
from schemas.pathway import COLUMNS as PATHWAY_COLUMNS
from schemas.pathway import SEVERE_MENTAL_ILLNESS, TALKING_THERAPIES
from tests.fixtures.changed_tree import INSTRUMENTS, PATHWAYS, Row, changed_tree, rows_of, run_on
from tests.fixtures.example import example
from tests.fixtures.warehouse import APRIL, GAD7, PHQ9, REQOL10, Case, ask, build, tables_of, write_submission

MEASURES = ("OUTCOME_IMPROVED", "OUTCOME_RECOVERED", "RECOVERY", "SMI_IMPROVEMENT")
Seen = dict[str, dict[str, str]]
"""What was found of each probe: by table of the warehouse, or ``check``."""

Change = tuple[str, Mapping[str, str], str]
"""Instrument or pathway, the cells changed in its row, and where that must show."""

OF_INSTRUMENTS: dict[str, Change] = {
    "instrument": ("CIA", {"instrument": "CIA2", "also": "CIA"}, "core.outcome"),
    "name": ("EDEQ_SHAPE", {"name": "Another name"}, "ref.instrument"),
    "valid_from": ("PSWQ", {"valid_from": "2025-04-20"}, "core.outcome"),
    "valid_to": ("IBS", {"valid_to": "2025-04-20"}, "core.outcome"),
    "snomed": ("ASRM", {"snomed": "999000002"}, "check"),
    "also": ("SWEMWBS", {"also": ""}, "check"),
    "items": ("EDEQ_WEIGHT", {"items": "6"}, "ref.instrument"),
    "low": ("WEMWBS", {"low": "40"}, "check"),
    "high": ("CORE10", {"high": "20"}, "check"),
    "decimals": ("EDEQ_RESTRAINT", {"decimals": "0"}, "core.outcome"),
    "direction": ("QPR15", {"direction": "lower"}, "core.outcome"),
    "caseness": ("PCL5", {"caseness": "70"}, "core.outcome"),
    "caseness_test": ("SPIN", {"caseness_test": ">"}, "core.outcome"),
    "recovery_cut_off": ("HONOS_TOTAL", {"recovery_cut_off": "11"}, "monthly_count.outcome_discharged"),
    "reliable_change": ("GBO_1", {"reliable_change": "9"}, "core.outcome"),
    "severity_bands": ("REQOL10", {"severity_bands": "Low 00-24; High 25-40"}, "monthly_count.case_mix"),
    "role": ("PHQ15", {"role": "other", "complaint_prefix": ""}, "core.pathway"),
    "domain": ("GBO_2", {"domain": "wellbeing"}, "monthly_count.outcome_discharged_group"),
    "complaint_prefix": ("BIQ", {"complaint_prefix": "F99"}, "core.pathway"),
    "every_session": ("CHOICE_SF", {"every_session": "02"}, "core.outcome"),
    "periodic": ("BRQ", {"periodic": "01"}, "core.outcome"),
    "recalled": ("OCI", {"recalled": "items"}, "ref.instrument"),
    "source": ("REQOL20", {"source": "Another source"}, "ref.instrument"),
    "confidence": ("EQ5D_VAS", {"confidence": "R", "recalled": "high"}, "ref.instrument"),
    "note": ("EQ5D_INDEX", {"note": "Another note."}, "ref.instrument"),
}
# A pathway is added for every column, so that each is changed in one of its own.
ADDED = {
    column: {
        "code": f"{20 + number}", "meaning": f"Pathway of {column}", "valid_from": "", "valid_to": "",
        "source": "a test", "confidence": "F", "measure_set": SEVERE_MENTAL_ILLNESS, "is_default": "",
        "icd10": f"Z{number:02d}", "primary_reasons": reason, "severity_measure": "REQOL10", "therapies": "",
    }
    for number, (column, reason) in enumerate(
        zip(PATHWAY_COLUMNS, ["07", "08", "09", "10", "13", "15", "16", "18", "19", "20", "21", "22"], strict=True)
    )
}  # fmt: skip
OF_PATHWAYS: dict[str, tuple[Mapping[str, str], str]] = {
    "code": ({"code": "99"}, "check"),
    "meaning": ({"meaning": "Another name"}, "ref.pathway"),
    "valid_from": ({"valid_from": "2030-01-01"}, "check"),
    "valid_to": ({"valid_to": "2020-12-31"}, "check"),
    "source": ({"source": "Another source"}, "ref.code"),
    "confidence": ({"confidence": "R"}, "ref.code"),
    "measure_set": ({"measure_set": TALKING_THERAPIES}, "monthly_count.case_mix"),
    "is_default": ({"is_default": "Y"}, "core.pathway"),
    "icd10": ({"icd10": "Z99"}, "core.complaint"),
    "primary_reasons": ({"primary_reasons": "23"}, "core.pathway"),
    "severity_measure": ({"severity_measure": "PHQ9"}, "monthly_count.case_mix"),
    "therapies": ({"therapies": "SSC"}, "check"),
}
# First and last scores on a bound that was changed; the others go from the worse to the better quarter.
SCORES = {"SPIN": ("60", "19"), "HONOS_TOTAL": ("20", "9"), "EDEQ_RESTRAINT": ("4.25", "1")}


def of_instruments(tmp: str) -> Seen:
    """A course of care for every instrument of the file as it is, each at a provider of its own."""
    folder, won, scores, rows = Path(tmp), [], [], rows_of(INSTRUMENTS)
    for row in rows:
        worse, better = SCORES.get(row["instrument"], _quarters(row))
        code = row["also"].split()[-1] if row["instrument"] == "SWEMWBS" else row["snomed"] or row["instrument"]
        case = Case(
            row["instrument"],
            [(code, worse, better), *([] if code == PHQ9 else [(PHQ9, "20", "5")])],
            complaint=next(iter(row["complaint_prefix"].split()), None),
            pathway=_first_pathway(row),
        )
        won.append(write_submission(folder, row["instrument"], APRIL, tables_of([case])))
        scores.append({"CodedAssToolType": code, "PersScore": worse, "AssToolCompDate": "2026-04-14"})
    draft = build(folder, won, measures=MEASURES)
    seen = _by_provider(draft)
    for row in rows:
        described = ask(
            draft,
            "SELECT * EXCLUDE (position) FROM ref.instrument WHERE name = ? OR instrument = ?",
            [row["name"], row["instrument"]],
        )
        seen[row["instrument"]]["ref.instrument"] = repr(described)
    first = len(example_records(TABLES["IDS606"]))
    changes = [("IDS606", first + number, score) for number, score in enumerate(scores)]
    findings = check_path(example(folder, *changes)).findings.filter(pl.col("table") == "IDS606")
    broken = dict(findings.group_by("row_number").agg("rule_id").iter_rows())
    for number, row in enumerate(rows):
        seen[row["instrument"]]["check"] = repr(sorted(broken.get(first + number + 2, [])))
    return seen


def of_pathways(tmp: str) -> Seen:
    """Referrals to the pathway of every column: named, by diagnosis and by reason; and one that says nothing."""
    folder, won, changes = Path(tmp), [], []
    first = len(example_records(TABLES["IDS101"]))
    for number, (column, row) in enumerate(ADDED.items()):
        scores = [(REQOL10, "20", "30"), (PHQ9, "20", "5"), (GAD7, "15", "3")]
        cases = [
            Case("named", scores, pathway=row["code"]),
            Case("diagnosis", complaint=row["icd10"]),
            Case("reason"),
        ]
        tables = tables_of([*cases, *([Case("nothing")] if column == "is_default" else [])])
        next(r for r in tables["IDS101"] if r["ServiceRequestId"] == "reason")["PrimReasonReferralMH"] = row[
            "primary_reasons"
        ]
        won.append(write_submission(folder, column, APRIL, tables))
        named = {"Pathway": row["code"], "PrimReasonReferralMH": row["primary_reasons"], "ServiceRequestId": column}
        changes += [
            ("IDS101", first + number, named),
            (
                "SMI203",
                100 + number,
                {"ServiceRequestId": column, "TherapyType": "SSC", "PlanStartDate": "2026-04-20"},
            ),
        ]
    draft = build(folder, won, measures=MEASURES)
    seen = _by_provider(draft)
    findings = check_path(example(folder, *changes)).findings
    plan = len(example_records(TABLES["SMI203"]))
    for number, (column, row) in enumerate(ADDED.items()):
        ours = "code = ? AND code_list = 'pathway'"
        seen[column] |= {
            "ref.code": repr(ask(draft, f"SELECT source, confidence FROM ref.code WHERE {ours}", [row["code"]])),
            "ref.pathway": repr(
                ask(draft, "SELECT pathway_name FROM ref.pathway WHERE pathway = ?", [row["code"]])
            ),
            "check": repr(
                sorted(
                    findings.filter(
                        ((pl.col("table") == "IDS101") & (pl.col("row_number") == first + number + 2))
                        | ((pl.col("table") == "SMI203") & (pl.col("row_number") == plan + number + 2))
                    )["rule_id"]
                )
            ),
        }
    return seen


def _quarters(row: Row) -> tuple[str, str]:
    """A score in the worse and one in the better quarter of the range, whole numbers where scores are."""
    low, width = float(row["low"]), float(row["high"]) - float(row["low"])
    scores = [f"{round(low + width * part, int(row['decimals'])):g}" for part in (0.8, 0.2)]
    return (scores[0], scores[1]) if row["direction"] == "lower" else (scores[1], scores[0])


def _first_pathway(row: Row) -> str:
    names = f"{row['periodic']} {row['every_session']}".split()
    return {SEVERE_MENTAL_ILLNESS: "01", TALKING_THERAPIES: "05"}.get(names[0], names[0])


def _by_provider(draft: Path) -> Seen:
    """Every table of core and of the monthly counts, as text, by provider."""
    seen: Seen = {}
    with duckdb.connect(str(draft), read_only=True) as con:
        tables = con.execute(
            "SELECT schema_name || '.\"' || table_name || '\"', schema_name || '.' || table_name FROM duckdb_columns() "
            "WHERE schema_name IN ('core', 'monthly_count') AND column_name = 'provider' ORDER BY ALL"
        ).fetchall()
        for quoted, name in tables:
            for provider, *rows in con.execute(
                f"SELECT provider, list(t ORDER BY t) FROM {quoted} AS t GROUP BY provider"
            ).fetchall():
                seen.setdefault(provider, {})[name] = repr(rows)
    return seen


def _changed(rows: Iterable[Row], key: str, changes: Iterable[Change]) -> list[Row]:
    """The rows, with the cells of the changes in place."""
    cells = {name: values for name, values, _ in changes}
    return [row | cells.get(row[key], {}) for row in rows]


def _differ(before: Seen, after: Seen) -> dict[str, set[str]]:
    """Where each probe differs."""
    return {
        name: {table for table in before[name].keys() | after[name].keys()
               if before[name].get(table) != after[name].get(table)}
        for name in before
    }  # fmt: skip


@pytest.fixture(scope="module")
def instruments_differ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Where each instrument differs once the catalogue is changed."""
    root = tmp_path_factory.mktemp("instruments")
    rows = _changed(rows_of(INSTRUMENTS), "instrument", OF_INSTRUMENTS.values())
    after = run_on(changed_tree(root, {INSTRUMENTS: rows}), of_instruments, root / "after")
    return _differ(of_instruments(str(root / "before")), after)


def test_every_column_of_the_instruments_has_an_entry() -> None:
    assert tuple(OF_INSTRUMENTS) == INSTRUMENT_COLUMNS
    names = [name for name, _, _ in OF_INSTRUMENTS.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("column", OF_INSTRUMENTS)
def test_a_column_of_the_instruments_is_read(column: str, instruments_differ: dict[str, set[str]]) -> None:
    name, _, where = OF_INSTRUMENTS[column]
    assert where in instruments_differ[name], (name, instruments_differ[name])


def test_an_instrument_whose_row_is_as_before_is_judged_as_before(instruments_differ: dict[str, set[str]]) -> None:
    changed = {name for name, _, _ in OF_INSTRUMENTS.values()}
    others = {name: where for name, where in instruments_differ.items() if name not in changed}
    assert len(others) == len(instruments()) - len(changed)
    assert {name: where for name, where in others.items() if where} == {}


@pytest.fixture(scope="module")
def pathways_differ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Where the pathway of each column differs once that column is changed in it."""
    root = tmp_path_factory.mktemp("pathways")
    before = [*rows_of(PATHWAYS), *ADDED.values()]
    after = [row | OF_PATHWAYS[column][0] for column, row in ADDED.items()]
    after = [*(row | {"is_default": ""} for row in rows_of(PATHWAYS)), *after]
    seen = [
        run_on(changed_tree(root / name, {PATHWAYS: rows}), of_pathways, root / name)
        for name, rows in (("before", before), ("after", after))
    ]
    return _differ(seen[0], seen[1])


def test_every_column_of_the_pathways_has_an_entry() -> None:
    assert tuple(OF_PATHWAYS) == tuple(ADDED) == PATHWAY_COLUMNS


@pytest.mark.parametrize("column", OF_PATHWAYS)
def test_a_column_of_the_pathways_is_read(column: str, pathways_differ: dict[str, set[str]]) -> None:
    _, where = OF_PATHWAYS[column]
    assert where in pathways_differ[column], pathways_differ[column]
