"""The pseudonyms of a release: an extract has its own, and a rotation of the key replaces all of them.

One data root for the module, since a release takes longest. The tests may run in any order.
"""

import base64
import hmac
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import duckdb
import polars as pl
import polars.selectors as cs
import pytest

from demonstration.writing import write_submissions
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, CRASHED, USAGE, WARNINGS
from pipelines.extract import NotExtracted, extract
from pipelines.keys import disclosure_key, extract_key, fingerprint, spine_key, tombstone_key
from pipelines.keys.store import expanded
from pipelines.ledger import open_ledger
from pipelines.load import load, reprocess
from pipelines.publish import NotPublishable, build_core, build_marts, current_release, current_submissions, publish
from pipelines.zones import Zones, zones
from schemas.errors import NotAsked
from tests.fixtures.sought import found_in
from tests.fixtures.tokens import tokens, written_as
from tests.fixtures.warehouse import some
from warehouse.measures.catalogue import catalogue

ONE = "010a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three services, loaded and published: ``in`` has their submissions, ``var`` is the data root, ``key`` the key."""
    folder = tmp_path_factory.mktemp("release")
    with pytest.MonkeyPatch.context() as patched:
        set_up(folder, patched)
        found = zones()
        write_submissions(folder / "in", providers=3, months=1, start=date(2025, 4, 1), seed=1, size=0.6)
        for path in submissions(folder):
            load(path, found, open_ledger(found.ledger), spine_key())
        published(found)
    return folder


def set_up(folder: Path, patched: pytest.MonkeyPatch) -> None:
    patched.setenv("PARITY_HOME", str(folder / "var"))
    patched.setenv("PARITY_KEY_FILE", str(folder / "key" / "pseudonym.key"))
    # A measure of every grain: all 350 take ten times as long and say nothing more of pseudonyms.
    measures = some(*{measure.grain: measure.id for measure in catalogue()}.values())
    patched.setattr("warehouse.build.catalogue", lambda: measures)


@pytest.fixture
def found(root: Path, own_key: Path, monkeypatch: pytest.MonkeyPatch) -> Zones:
    """The zones of the module's data root, with its key."""
    set_up(root, monkeypatch)
    return zones()


def submissions(folder: Path) -> list[Path]:
    return sorted(each for each in (folder / "in").iterdir() if each.is_dir())


def published(found: Zones) -> Path:
    """The release of the submissions that count, made by the functions that Dagster calls."""
    ledger = open_ledger(found.ledger)
    build_core(found, ledger)
    build_marts(found)
    return found.releases / publish(found, ledger)["release"]


def people(database: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as con:
        return [
            *con.execute("SELECT count(*), count(DISTINCT person_id) FROM core.person").fetchall(),
            *con.execute("SELECT count(DISTINCT person_id), count(*) FROM core.pathway").fetchall(),
            *con.execute(
                "SELECT provider, count(DISTINCT person_id), count_if(is_nationally_linked) FROM core.person "
                "GROUP BY provider ORDER BY provider"
            ).fetchall(),
        ]


def behind_figures(found: Zones) -> list[tuple[object, ...]]:
    """The marks of the people behind every figure: with the secret they decide the random errors."""
    with duckdb.connect(str(found.draft), read_only=True) as con:
        rows = con.execute("FROM monthly_count.people ORDER BY ALL").fetchall()
    assert len(rows) > 100
    return rows


def public(release: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(release.glob("public.*.csv"))]


def counting(found: Zones) -> Iterator[Path]:
    """The pseudonymised files that count."""
    for one in current_submissions(found, open_ledger(found.ledger)):
        yield from one.folder.glob("*.parquet")


def forms(secret: bytes) -> list[bytes]:
    """A secret as it could stand in a file: raw, hexadecimal, base64 at every alignment, of both kinds each."""
    encoded = [base64.b64encode(b"\0" * pad + secret)[4 if pad else 0 : -4] for pad in range(3)]
    safe = [each.replace(b"+", b"-").replace(b"/", b"_") for each in encoded]
    return [secret, secret.hex().encode(), secret.hex().upper().encode(), *encoded, *safe]


def holding(files: Iterable[Path], searched: Iterable[bytes]) -> list[str]:
    contents = ((path.name, path.read_bytes()) for path in files if path.is_file())
    return [name for name, _ in found_in(contents, set(searched))]


def test_a_rotation_keeps_the_people_and_leaves_no_token_and_no_key(
    root: Path, found: Zones, capfd: pytest.CaptureFixture[str]
) -> None:
    ledger, key_file = open_ledger(found.ledger), root / "key" / "pseudonym.key"
    receipts = [outcome.receipt for outcome in ledger.outcomes()]
    first, one_extract = (
        found.releases / current_release(found, open_ledger(found.ledger))["release"],
        extract_key("university-of-x"),
    )
    sketches, shown = behind_figures(found), public(first)
    before, old, figures, erasures = (
        people(first / "parity.duckdb"), tokens(first / "parity.duckdb"), disclosure_key(), tombstone_key()
    )  # fmt: skip
    assert len(old) > 500 and all(token.startswith("01") for token in old)
    assert _run(["keys", "verify"]) == CLEAN
    said = ["".join(capfd.readouterr())]

    # Rotated: nothing can be published, and a file that is loaded again counts under the new key.
    assert (_run(["keys", "new"]), _run(["keys", "rotate"]), _run(["keys", "verify", "--json"])) == (
        USAGE, CLEAN, WARNINGS
    )  # fmt: skip
    said.append("".join(capfd.readouterr()))
    assert "parity reprocess" in said[-1]
    with pytest.raises(NotPublishable, match=r"under key s1-[0-9a-f]{8}\. The key of today is s2-"):
        current_submissions(found, ledger)
    assert not load(submissions(root)[0], found, ledger, spine_key()).is_repeat
    assert load(submissions(root)[0], found, ledger, spine_key()).is_repeat
    # Half-way, as after a crash: two keys never meet, and the first one cannot be destroyed.
    with pytest.raises(
        NotPublishable, match=r"^2 of the submissions were pseudonymised under key s1-[0-9a-f]{8}\."
    ):
        build_core(found, ledger)
    assert _run(["keys", "retire", "1"]) == USAGE
    for receipt in receipts:
        reprocess(receipt, found, ledger, spine_key())

    second = published(found)
    assert second != first
    assert people(second / "parity.duckdb") == before
    assert (behind_figures(found), public(second)) == (sketches, shown)  # so the random errors are the same
    new = tokens(second / "parity.duckdb")
    assert len(new) == len(old) and all(token.startswith("02") for token in new)
    searched = [form for token in sorted(old)[:50] for form in written_as(UUID(token).bytes)]
    assert holding(second.rglob("*"), searched) == []
    rows = list(counting(found))
    assert rows
    staged = {token for path in rows for column in pl.read_parquet(path).select(cs.binary()) for token in column}
    assert len(staged) > 500 and all(token is None or (len(token), token[0]) == (16, 2) for token in staged)
    assert holding(first.rglob("*"), searched) != []  # the same search finds them where they are
    assert (disclosure_key(), tombstone_key()) == (figures, erasures)
    assert extract_key("university-of-x").secret != one_extract.secret

    # The first key goes, and nothing that is kept has any key in it.
    roots = [bytes.fromhex(file.read_text()) for file in key_file.parent.iterdir()]
    assert len(roots) == 4
    secrets = (spine_key(1).secret, spine_key(2).secret, spine_key(2).marks, figures.secret, erasures.secret)
    keys = [bytes.fromhex(secret) for secret in secrets]
    derived = [expanded(roots[0], f"parity\x1f{name}\x1froot".encode()) for name in ("figures", "erasures")]
    assert (_run(["keys", "retire", "1"]), _run(["keys", "verify"]), _run(["status"])) == (CLEAN, WARNINGS, CLEAN)
    newest = key_file.with_name(f"{key_file.name}.2")
    newest.chmod(0o444)
    assert _run(["keys", "verify"]) == CRASHED
    newest.chmod(0o400)
    said.append("".join(capfd.readouterr()))
    assert first.name in said[-1]  # the release with tokens of the first key is still there, and is named
    printed = found.home / "printed.txt"
    printed.write_text("\n".join(said))
    searched = [form for secret in (*roots, *keys, *derived) for form in forms(secret)]
    assert holding((path for path in found.home.rglob("*") if path.is_file()), searched) == []
    printed.write_text(f"key={base64.b64encode(b'.' + roots[0]).decode()}")
    assert holding([printed], searched) == ["printed.txt"]


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
        "AND schema_name = 'core' AND NOT data_type LIKE 'VARCHAR%' AND data_type <> 'UUID' ORDER BY ALL"
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


def test_no_pseudonym_and_no_order_is_shared(
    tmp_path: Path, found: Zones, capfd: pytest.CaptureFixture[str]
) -> None:
    name = current_release(found, open_ledger(found.ledger))["release"]
    one, two = tmp_path / "one.duckdb", tmp_path / "two.duckdb"
    assert _run(["extract", "--for", "university-of-x", "--out", str(one)]) == CLEAN
    assert "Its counts are exact." in capfd.readouterr().out
    extract("university-of-y", two, found, name)
    assert one.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.duckdb", "two.duckdb"]

    of_release, of_one, of_two = tokens(found.warehouse), tokens(one), tokens(two)
    assert len(of_release) > 500
    assert len(of_release) == len(of_one) == len(of_two)
    assert not of_release & of_one and not of_release & of_two and not of_one & of_two
    assert all(int(each[:2], 16) > 128 for each in of_one | of_two)
    # No byte of the files has one either: a new file has no free blocks with old rows.
    searched = [form for each in sorted(of_release)[:50] for form in written_as(UUID(each).bytes)]
    assert holding([one, two], searched) == []

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


def small_release(found: Zones, name: str, *statements: str) -> None:
    """A release with one member of staff and no more than every release has, and what ``statements`` change."""
    folder = found.releases / name
    folder.mkdir()
    with duckdb.connect(str(folder / "parity.duckdb")) as con:
        con.execute("CREATE SCHEMA core; CREATE SCHEMA meta")
        con.execute(f"CREATE TABLE core.staff AS SELECT 'RW5' AS provider, CAST('{ONE}' AS UUID) AS staff_id")
        con.execute("CREATE TABLE meta.build AS SELECT 'x' AS release_id")
        con.execute(
            "CREATE TABLE meta.columns (schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR, "
            "position INTEGER, data_type VARCHAR, is_key BOOLEAN, unit VARCHAR, description VARCHAR)"
        )
        for statement in statements:
            con.execute(statement)


def test_the_same_recipient_gets_the_same_pseudonyms_again(tmp_path: Path, home: Path) -> None:
    found = zones()
    small_release(found, "april")
    small_release(found, "may", "INSERT INTO core.staff VALUES ('RX1', NULL)")
    made = {}
    for recipient, release in (("x", "april"), ("x", "may"), ("y", "april")):
        out = tmp_path / f"{recipient}-{release}.duckdb"
        assert extract(recipient, out, found, release)['"core"."staff"'] == (2 if release == "may" else 1)
        made[recipient, release] = tokens(out)
    (slow,) = made["x", "april"]
    of_domain = hmac.new(extract_key("x").secret.encode(), b"pseudonym", "sha256").hexdigest()
    assert UUID(slow).bytes == b"\x81" + hmac.new(of_domain.encode(), ONE.encode(), "sha256").digest()[:15]
    assert made["x", "april"] == made["x", "may"] != made["y", "april"]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE core.staff ADD COLUMN said VARCHAR; UPDATE core.staff SET said = 'by ' || staff_id",
        "ALTER TABLE core.staff ADD COLUMN others VARCHAR[]; UPDATE core.staff SET others = [CAST(staff_id AS VARCHAR)]",
        "ALTER TABLE core.staff ADD COLUMN others UUID[]; UPDATE core.staff SET others = [staff_id]",
        "ALTER TABLE core.staff ADD COLUMN more STRUCT(a UUID); UPDATE core.staff SET more = {'a': staff_id}",
    ],
    ids=["in a longer text", "in a list of texts", "in a list", "in a structure"],
)
def test_a_pseudonym_that_would_be_left_stops_the_extract(tmp_path: Path, home: Path, change: str) -> None:
    found = zones()
    small_release(found, "april", change)
    with pytest.raises(NotExtracted, match="core"):
        extract("x", tmp_path / "x.duckdb", found, "april")
    assert [path.name for path in tmp_path.iterdir()] == ["var"]
    assert not list(found.builds.iterdir())


def test_a_pseudonym_as_a_whole_text_is_replaced_as_well(tmp_path: Path, home: Path) -> None:
    found, out = zones(), tmp_path / "x.duckdb"
    small_release(
        found, "april", "ALTER TABLE core.staff ADD COLUMN said VARCHAR; UPDATE core.staff SET said = staff_id"
    )
    extract("x", out, found, "april")
    with duckdb.connect(str(out), read_only=True) as con:
        assert con.execute(
            "SELECT said = CAST(staff_id AS VARCHAR), staff_id = ? FROM core.staff", [ONE]
        ).fetchall() == [(True, False)]


def test_a_release_with_pseudonyms_of_another_form_is_refused(tmp_path: Path, home: Path) -> None:
    found = zones()
    text = f"UPDATE core.staff SET staff_id = 's1_{'0a' * 16}'"
    small_release(found, "april", "ALTER TABLE core.staff ALTER COLUMN staff_id TYPE VARCHAR", text)
    with pytest.raises(NotAsked, match="An earlier version of Parity made this release"):
        extract("x", tmp_path / "x.duckdb", found, "april")
    assert [path.name for path in tmp_path.iterdir()] == ["var"]


def test_what_cannot_be_extracted_is_said(tmp_path: Path, home: Path) -> None:
    found = zones()
    small_release(found, "april")
    there = tmp_path / "there.duckdb"
    there.write_text("kept")
    for arguments in (
        ["--for", "x", "--out", str(there)],
        ["--for", "University of X", "--out", str(tmp_path / "new.duckdb")],
        ["--for", "x", "--out", str(tmp_path / "no" / "new.duckdb")],
        ["--for", "x", "--out", str(tmp_path / "new.duckdb"), "--release", "may"],
    ):
        assert _run(["extract", "--release", "april", *arguments]) == USAGE
    assert there.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.duckdb", "var"]
