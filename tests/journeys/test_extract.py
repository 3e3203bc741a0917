"""Extracts: each recipient has pseudonyms of its own, and nothing but the content of the rows joins two of them."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from demonstration.writing import write_submissions
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE
from pipelines.extract import NotExtracted, extract
from pipelines.keys import extract_key, fingerprint, key_store, rotate, spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.publish import build_core, build_marts, publish
from pipelines.zones import Zones, zones
from tests.fixtures.tokens import tokens

JOINS = (
    "SELECT count(*), count(DISTINCT person_id) FROM core.person",
    "SELECT count(*), count(DISTINCT p.person_id) FROM core.pathway AS p INNER JOIN core.person AS q USING (provider, person_id)",
    "SELECT count(*), count(DISTINCT care_contact_id) FROM core.contact INNER JOIN core.pathway USING (provider, service_request_id)",
    "SELECT count(*) FROM core.score INNER JOIN core.activity USING (provider, care_activity_id)",
    "SELECT count(*) FROM core.activity INNER JOIN core.staff USING (provider, staff_id)",
    "SELECT count(*) FROM core.person AS a INNER JOIN core.person AS b ON a.person_id = b.person_id AND a.provider < b.provider",
    "SELECT tool, count(*), sum(score_order) FROM core.score GROUP BY tool ORDER BY tool",
    "SELECT submitted_by, month, count(DISTINCT row_number), count(*) FROM core.contact GROUP BY ALL ORDER BY ALL",
    "SELECT count(*), count(DISTINCT Person_ID), count(DISTINCT PathwayID) FROM mesh_IAPT.IDS101referral",
    "SELECT count(*), count(DISTINCT UniqueID_IDS201) FROM mesh_IAPT.IDS201carecontact",
    "SELECT measure, sum(numerator), sum(denominator) FROM mart.service_measure GROUP BY measure ORDER BY measure",
)


def answers(database: Path) -> list[list[tuple[object, ...]]]:
    with duckdb.connect(str(database), read_only=True) as con:
        return [con.execute(query).fetchall() for query in JOINS]


def described(database: Path) -> list[tuple[object, ...]]:
    """Comments of all tables and columns, and the columns of views, except what an extract says of itself."""
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(
            "SELECT schema_name, table_name, '' AS column_name, comment FROM duckdb_tables() "
            "WHERE database_name = current_database() AND NOT (schema_name = 'meta' AND table_name = 'extract') "
            "UNION ALL SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() "
            "WHERE database_name = current_database() AND NOT internal AND column_name <> 'row_number' "
            "AND NOT (schema_name = 'meta' AND table_name = 'extract') ORDER BY ALL"
        ).fetchall()


def identifying_numbers(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Whole numbers of core that tell all rows of a provider and month apart: each is an identifier."""
    columns: dict[str, list[str]] = {}
    for table, column in con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = current_database() "
        "AND schema_name = 'core' AND NOT data_type LIKE 'VARCHAR%' ORDER BY ALL"
    ).fetchall():
        columns.setdefault(table, []).append(column)
    found = []
    for table, names in columns.items():
        (rows,) = con.execute(f"SELECT count(*) FROM core.{table}").fetchone() or (0,)
        of = "provider, month" if "month" in names else "provider"
        for name in names if rows > 100 and not {"records", "expected"} & set(names) else []:
            (values,) = con.execute(f"SELECT count(DISTINCT ({of}, {name})) FROM core.{table}").fetchone() or (0,)
            if values == rows:
                found.append((table, name))
    return found


def test_no_pseudonym_and_no_order_is_shared(tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = zones()
    ledger = open_ledger(found.ledger)
    write_submissions(tmp_path / "in", providers=3, months=1, start=date(2025, 4, 1), seed=1, size=0.6)
    for path in sorted(each for each in (tmp_path / "in").iterdir() if each.is_dir()):
        load(path, found, ledger, spine_key())
    build_core(found, ledger)
    build_marts(found)
    name = publish(found, ledger)["release"]

    one, two = tmp_path / "one.duckdb", tmp_path / "two.duckdb"
    assert _run(["extract", "--for", "university-of-x", "--out", str(one)]) == CLEAN
    assert "Its counts are exact." in capfd.readouterr().out
    extract("university-of-y", two, found, name)
    assert one.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "one.duckdb", "two.duckdb", "var"]

    of_release, of_one, of_two = tokens(found.warehouse), tokens(one), tokens(two)
    assert len(of_release) > 500
    assert len(of_release) == len(of_one) == len(of_two)
    assert not of_release & of_one and not of_release & of_two and not of_one & of_two
    assert all(each.startswith("e1_") for each in of_one | of_two)
    # No byte of the files has one either: a new file has no free blocks with old rows.
    assert not any(each.encode() in path.read_bytes() for path in (one, two) for each in list(of_release)[:50])

    assert answers(one) == answers(two) == answers(found.warehouse)
    assert described(one) == described(found.warehouse)

    with duckdb.connect(str(one), read_only=True) as con:
        con.execute(f"ATTACH '{two}' AS two (READ_ONLY)")
        con.execute(f"ATTACH '{found.warehouse}' AS release (READ_ONLY)")
        assert con.execute("FROM meta.extract").fetchall() == [
            ("university-of-x", name, fingerprint(extract_key("university-of-x")))
        ]
        assert con.execute("SELECT count(*) FROM meta.columns WHERE table_name = 'extract'").fetchall() == [(3,)]
        # The order of the rows is that of their own pseudonyms, so it says nothing of the order elsewhere.
        for table, column in (
            ("person", "person_id"),
            ("contact", "care_contact_id"),
            ("activity", "care_activity_id"),
        ):
            assert con.execute(
                f"SELECT count(*) FROM (SELECT provider, {column}, lag(provider) OVER (ORDER BY rowid) AS p, "
                f"lag({column}) OVER (ORDER BY rowid) AS c FROM core.{table}) "
                f"WHERE p IS NOT NULL AND (provider, {column}) < (p, c)"
            ).fetchall() == [(0,)]
        # Nor does any number that tells rows apart: the days of the contacts with one number differ.
        assert identifying_numbers(con) == [("contact", "row_number"), ("score", "row_number")]
        same, of = con.execute(
            "SELECT count_if(a.contact_on IS NOT DISTINCT FROM b.contact_on AND a.contact_time IS NOT DISTINCT FROM b.contact_time), "
            "count(*) FROM core.contact AS a INNER JOIN two.core.contact AS b USING (submitted_by, month, row_number)"
        ).fetchone()  # type: ignore[misc]
        assert of > 100 and same < of / 5
        comment = con.execute(
            "SELECT DISTINCT comment FROM duckdb_columns() WHERE database_name = current_database() "
            "AND schema_name = 'core' AND column_name = 'row_number'"
        ).fetchall()
        assert comment == [("Number of the row in this extract; unique with submitted_by and month.",)]

    held_to(found, tmp_path, one)


def held_to(found: Zones, tmp_path: Path, one: Path) -> None:
    """What is refused; the same again; another key."""
    before = one.read_bytes()
    assert _run(["extract", "--for", "university-of-x", "--out", str(one)]) == USAGE
    assert _run(["extract", "--for", "University of X", "--out", str(tmp_path / "new.duckdb")]) == USAGE
    assert _run(["extract", "--for", "x", "--out", str(tmp_path / "no" / "new.duckdb")]) == USAGE
    assert one.read_bytes() == before and not (tmp_path / "new.duckdb").exists()

    again = tmp_path / "again.duckdb"
    extract("university-of-x", again, found)
    assert tokens(again) == tokens(one)
    rotate(key_store())
    rotated = tmp_path / "rotated.duckdb"
    extract("university-of-x", rotated, found)
    assert not tokens(rotated) & tokens(one)

    # A pseudonym that stands inside a longer text is not replaced, so nothing is written.
    copy = found.releases / "copy" / "parity.duckdb"
    copy.parent.mkdir()
    copy.write_bytes(found.warehouse.read_bytes())
    copy.chmod(0o600)
    with duckdb.connect(str(copy)) as con:
        con.execute("UPDATE core.staff SET staff_id = 'by ' || staff_id WHERE rowid = 0")
    with pytest.raises(NotExtracted, match="core"):
        extract("university-of-x", tmp_path / "left.duckdb", found, "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "again.duckdb", "in", "one.duckdb", "rotated.duckdb", "two.duckdb", "var"
    ]  # fmt: skip
    assert not list(found.builds.glob(".incoming-*"))
