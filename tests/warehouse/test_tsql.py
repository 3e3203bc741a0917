"""T-SQL carried over to DuckDB: what SQL Server's documentation says a statement gives is what the result must be."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.cli import _run
from pipelines.commands.app import CLEAN, RECORDS_REJECTED, USAGE
from schemas.errors import NotAsked
from tests.fixtures.warehouse import APRIL, FEW, build, write_submission
from tests.references.pathways import random_tables
from warehouse.tsql.carry import Outcome, as_sql, carry, every, read_script
from warehouse.tsql.names import WORK
from warehouse.tsql.run import Done, open_release, run
from warehouse.tsql.statements import flat, statements_of

MAY = date(2025, 5, 1)
PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
# Folder with the public scripts (nhsengland/Talking-Therapies), which are not ours to copy.
SCRIPTS = os.environ.get("PARITY_TSQL_SCRIPTS", "")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two providers in two months, with all views."""
    tmp = tmp_path_factory.mktemp("tsql")
    sent = [("RXX", APRIL), ("RXX", MAY), ("RYY", APRIL)]
    won = [write_submission(tmp, p, m, random_tables(n, 60)[0]) for n, (p, m) in enumerate(sent)]
    return build(tmp, won, whole=True, measures=FEW)


@pytest.fixture
def con(release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_release(release, None) as con:
        yield con


Runs = Callable[[str], list[Done]]


@pytest.fixture
def runs(con: duckdb.DuckDBPyConnection) -> Runs:
    """Runs a script that must be carried over whole and fail nowhere."""

    def run_whole(script: str, month: date | None = None) -> list[Done]:
        carried = carry(script, month)
        assert [(one.line, one.notes) for one in every(carried) if one.outcome is Outcome.NOT_CARRIED] == []
        done = list(run(con, carried))
        assert [(one.carried.line, one.error) for one in done if one.error] == []
        return done

    return run_whole


def value(con: duckdb.DuckDBPyConnection, expression: str, before: str = "") -> object:
    """What ``SELECT expression`` gives after the statements ``before``."""
    done = list(run(con, carry(f"{before}\nSELECT {expression} AS answer INTO #answer")))
    assert [one.error for one in done if one.error] == []
    ((answer,),) = con.execute('SELECT answer FROM "#answer"').fetchall()
    return answer


# --- statements ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("SELECT 1 SELECT 2", [(1, "SELECT"), (1, "SELECT")]),
        ("SELECT 1;\n\nSELECT 2", [(1, "SELECT"), (3, "SELECT")]),
        ("SELECT 1 UNION ALL\nSELECT 2\nEXCEPT SELECT 3", [(1, "SELECT")]),
        ("INSERT INTO t\nSELECT 1\nSELECT 2", [(1, "INSERT"), (3, "SELECT")]),
        ("INSERT INTO t VALUES (1)\nSELECT 2", [(1, "INSERT"), (2, "SELECT")]),
        ("WITH a AS (SELECT 1 AS x) SELECT x FROM a\nDROP TABLE t", [(1, "WITH"), (2, "DROP")]),
        ("WITH a AS (SELECT 1 AS x)\nINSERT INTO t\nSELECT x FROM a", [(1, "WITH")]),
        ("SELECT 1 FROM t WITH (NOLOCK) WHERE a = 1", [(1, "SELECT")]),
        ("SELECT CASE WHEN a = 1 THEN (SELECT 2) END AS b FROM t\nGO\nSELECT 3", [(1, "SELECT"), (2, "GO"), (3, "SELECT")]),
        ("UPDATE t SET a = 1 SET NOCOUNT ON", [(1, "UPDATE"), (1, "SET")]),
        ("DECLARE @a INT = 1\nSET @a = 2", [(1, "DECLARE"), (2, "SET")]),
        ("-- SELECT 1\n/* DROP TABLE t\n*/ SELECT 2", [(3, "SELECT")]),
        ("SELECT 'DROP TABLE t; SELECT' AS [SELECT]", [(1, "SELECT")]),
        ("DROP TABLE IF EXISTS t SELECT 1", [(1, "DROP"), (1, "SELECT")]),
        ("IF 1 = 1 DROP TABLE t ELSE SELECT 1\nSELECT 2", [(1, "IF"), (1, "DROP"), (1, "SELECT"), (2, "SELECT")]),
        ("WHILE @a > 0 BEGIN SET @a = @a - 1 PRINT 'x' END SELECT 1",
         [(1, "WHILE"), (1, "BEGIN"), (1, "SET"), (1, "PRINT"), (1, "SELECT")]),
        ("BEGIN TRY SELECT 1 END TRY BEGIN CATCH SELECT 2 END CATCH SELECT 3",
         [(1, "BEGIN TRY"), (1, "BEGIN CATCH"), (1, "SELECT")]),
        ("", []),
    ],
)  # fmt: skip
def test_a_statement_ends_where_the_next_begins(script: str, found: list[tuple[int, str]]) -> None:
    assert [(one.line, one.word) for one in flat(statements_of(script))] == found


def test_a_quote_without_an_end_is_refused_in_words() -> None:
    with pytest.raises(NotAsked, match="cannot be read"):
        carry("SELECT 'a")


# --- expressions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 / 2.0", 3.5),
        ("CAST(7 AS FLOAT) / 2", 3.5),
        ("COUNT(*) / 2", 0),
        ("'a' + 'b' + CAST(1 AS VARCHAR)", "ab1"),
        ("'a' + CAST(NULL AS VARCHAR)", None),
        ("CHAR(65) + 'b'", "Ab"),
        ("COALESCE(NULL, 'x') + 'y'", "xy"),
        ("CASE WHEN 1 = 1 THEN 'x' ELSE 'y' END + 'z'", "xz"),
        ("1 + 2", 3),
        ("ISNULL(NULL, 4)", 4),
        ("IIF(1 = 2, 'yes', 'no')", "no"),
        ("LEN('ab  ')", 2),
        ("LEN(NULL)", None),
        ("CAST('abcdef' AS VARCHAR(3))", "abc"),
        ("DATENAME(m, '2026-03-05') + ' ' + CAST(DATEPART(yyyy, '2026-03-05') AS VARCHAR)", "March 2026"),
        ("CAST('March 2026' AS DATE)", date(2026, 3, 1)),
        ("CAST('1 Mar 2026' AS DATE)", date(2026, 3, 1)),
        ("CAST('20260305' AS DATE)", date(2026, 3, 5)),
        ("CAST('2026-03-05' AS DATE)", date(2026, 3, 5)),
        ("CAST(CAST(NULL AS VARCHAR) AS DATE)", None),
        ("CONVERT(date, '01' + 'March' + ' ' + '2026')", date(2026, 3, 1)),
        ("CONVERT(date, '05/03/2026', 103)", date(2026, 3, 5)),
        ("CONVERT(VARCHAR(10), CAST('2026-03-05' AS DATE), 103)", "05/03/2026"),
        ("CONVERT(VARCHAR(10), CAST('2026-03-05' AS DATE), 120)", "2026-03-05"),
        ("CONVERT(VARCHAR(6), CAST('2026-03-05' AS DATE), 112)", "202603"),
        ("CONVERT(INT, '12')", 12),
        ("TRY_CAST('x' AS INT)", None),
        ("EOMONTH('2024-02-10')", date(2024, 2, 29)),
        ("DATEDIFF(MONTH, '2025-01-31', '2025-02-01')", 1),
        ("DATEDIFF(DD, '2025-01-31', '2025-02-01')", 1),
        ("DATEDIFF(YEAR, '2024-12-31', '2025-01-01')", 1),
        ("CAST(DATEADD(MONTH, 1, '2025-01-31') AS DATE)", date(2025, 2, 28)),
        ("CAST(DATEADD(MONTH, -1, 'March 2026') AS DATE)", date(2026, 2, 1)),
        ("CAST(1 AS BIT)", True),
        ("CAST(0.1 AS FLOAT)", 0.1),
        ("CAST(2.6 AS DECIMAL)", 3),
        ("CAST(1 AS FLOAT) / 3", 1 / 3),
        ("CAST(2 AS DECIMAL) / CAST(4 AS DECIMAL)", 0.5),
        ("'a' COLLATE Latin1_General_CI_AS", "a"),
    ],
)  # fmt: skip
def test_an_expression_gives_what_sql_server_gives(
    con: duckdb.DuckDBPyConnection, expression: str, answer: object
) -> None:
    assert value(con, expression) == answer


@pytest.mark.parametrize(
    ("values", "kind", "answer"),
    [("(1), (2)", "INT", 1), ("(-1), (-2)", "INT", -1), ("(1), (2)", "FLOAT", 1.5), ("(NULL), (3)", "INT", 3), ("(NULL)", "INT", None)],
)  # fmt: skip
def test_the_average_of_whole_numbers_is_whole(
    con: duckdb.DuckDBPyConnection, values: str, kind: str, answer: float | None
) -> None:
    before = f"CREATE TABLE #n (x {kind})\nINSERT INTO #n VALUES {values}"
    assert value(con, "(SELECT AVG(x) FROM #n)", before) == answer


@pytest.mark.parametrize("expression", ["CAST('no month' AS DATE)", "CONVERT(date, '01' + 'Marz 2026')"])
def test_text_that_is_no_date_is_an_error_and_never_an_empty_date(
    con: duckdb.DuckDBPyConnection, expression: str
) -> None:
    (done,) = run(con, carry(f"SELECT {expression} AS a"))
    assert "Could not parse" in done.error


@pytest.mark.parametrize(("kind", "found"), [("DATE", 1), ("VARCHAR(20)", 1)])
def test_a_month_label_finds_its_month_whether_kept_as_text_or_as_a_date(
    con: duckdb.DuckDBPyConnection, kind: str, found: int
) -> None:
    kept = "'2026-03-01'" if kind == "DATE" else "'March 2026'"
    before = f"""
        DECLARE @day DATE = '2026-03-17'
        DECLARE @label VARCHAR(50) = (DATENAME(M, @day) + ' ' + CAST(DATEPART(YYYY, @day) AS VARCHAR))
        DROP TABLE IF EXISTS #m
        CREATE TABLE #m ([Month] {kind})
        INSERT INTO #m VALUES ({kept}), (NULL)
    """
    assert value(con, "(SELECT COUNT(*) FROM #m WHERE [Month] = @label)", before) == found
    assert value(con, "(SELECT COUNT(*) FROM #m WHERE [Month] = DATEADD(MONTH, -1, @label))", before) == 0


def test_a_code_that_is_no_number_equals_no_number_and_ends_nothing(con: duckdb.DuckDBPyConnection) -> None:
    before = "DROP TABLE IF EXISTS #c\nCREATE TABLE #c (code VARCHAR(9))\nINSERT INTO #c VALUES ('5'), ('05'), ('rejected'), (NULL)"
    assert value(con, "(SELECT COUNT(*) FROM #c WHERE code IN (5, 6))", before) == 2
    assert value(con, "(SELECT COUNT(*) FROM #c WHERE code = 5)", before) == 2
    assert value(con, "(SELECT COUNT(*) FROM #c WHERE 5 < code)", before) == 0


# --- statements and tables -----------------------------------------------------------------------------------------


def test_tables_of_the_script_are_its_own_and_the_release_is_not_changed(
    runs: Runs, con: duckdb.DuckDBPyConnection
) -> None:
    runs("""
        SELECT DISTINCT OrgID_Provider INTO [MHDInternal].[Providers] FROM [NHSE_IAPT].[mesh_IAPT].[IDS101referral]
        SELECT COUNT(*) AS n INTO #n FROM MHDInternal.providers
        IF OBJECT_ID('MHDInternal.Providers') IS NOT NULL DROP TABLE MHDInternal.Providers
        IF OBJECT_ID('tempdb..#none') IS NOT NULL DROP TABLE #none
    """)
    assert con.execute('SELECT n FROM "#n"').fetchall() == [(2,)]
    assert con.execute(f"SELECT count(*) FROM duckdb_tables() WHERE database_name = '{WORK}'").fetchall() == [(0,)]


def test_a_script_can_read_no_file(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error, match="disabled by configuration"):
        con.execute(f"SELECT * FROM read_text('{PAGE}')")


def test_the_first_run_deletes_nothing_and_the_second_writes_its_month_anew(
    runs: Runs, con: duckdb.DuckDBPyConnection
) -> None:
    script = """
        DELETE FROM [Out].[Figures] WHERE [Month] = (SELECT MAX([Month]) FROM [Out].[Figures])
        INSERT INTO [Out].[Figures]
        SELECT ReportingPeriodStartDate AS [Month], COUNT(*) AS n
        FROM mesh_IAPT.IsLatest_SubmissionID
        WHERE ReportingPeriodStartDate = (SELECT MAX(ReportingPeriodStartDate) FROM mesh_IAPT.IsLatest_SubmissionID)
        GROUP BY ReportingPeriodStartDate
    """
    runs(script)
    runs(script)
    assert con.execute(f'SELECT * FROM {WORK}."Out"."Figures"').fetchall() == [(MAY, 1)]


def test_a_table_made_by_its_first_insert_holds_what_the_later_ones_bring(
    runs: Runs, con: duckdb.DuckDBPyConnection
) -> None:
    runs("""
        SELECT 1 AS a INTO #s
        INSERT INTO [Out].[Wide] SELECT a AS code, NULL AS share FROM #s
        INSERT INTO [Out].[Wide] SELECT 'NA', 0.25
    """)
    rows = con.execute(f'SELECT * FROM {WORK}."Out"."Wide" ORDER BY ALL').fetchall()
    assert [(code, None if share is None else float(share)) for code, share in rows] == [("1", None), ("NA", 0.25)]


def test_update_and_delete_over_a_join(runs: Runs, con: duckdb.DuckDBPyConnection) -> None:
    runs("""
        CREATE TABLE #t (id INT, note VARCHAR(9))
        INSERT INTO #t VALUES (1, 'old'), (2, 'old'), (3, 'old'), (NULL, 'old')
        CREATE TABLE #u (id INT, note VARCHAR(9))
        INSERT INTO #u VALUES (1, 'new'), (2, NULL)
        UPDATE #t SET note = u.note FROM #t r INNER JOIN #u u ON u.id = r.id
        DELETE r FROM #t r INNER JOIN #u u ON u.id = r.id WHERE u.note IS NULL
    """)
    assert con.execute('SELECT * FROM "#t" ORDER BY id').fetchall() == [(1, "new"), (3, "old"), (None, "old")]


def test_update_over_a_left_join_empties_what_has_no_partner(runs: Runs, con: duckdb.DuckDBPyConnection) -> None:
    runs("""
        CREATE TABLE [Out].[t] (id INT, note VARCHAR(9))
        INSERT INTO [Out].[t] VALUES (1, 'old'), (2, 'old')
        CREATE TABLE #u (id INT, note VARCHAR(9))
        INSERT INTO #u VALUES (1, 'new')
        UPDATE [Out].[t] SET note = u.note FROM [Out].[t] r LEFT JOIN #u u ON u.id = r.id
    """)
    assert con.execute(f'SELECT * FROM {WORK}."Out".t ORDER BY id').fetchall() == [(1, "new"), (2, None)]


def test_variables_conditions_and_loops(runs: Runs, con: duckdb.DuckDBPyConnection) -> None:
    runs("""
        DECLARE @Offset AS INT = -2, @text VARCHAR(9)
        SELECT @text = 'x'
        CREATE TABLE #n (n INT, t VARCHAR(9))
        WHILE @offset < 0
        BEGIN
            IF @Offset = -2 INSERT INTO #n VALUES (@Offset, @text) ELSE INSERT INTO #n VALUES (@Offset, 'y')
            SET @Offset += 1
        END
    """)
    assert con.execute('SELECT * FROM "#n" ORDER BY n').fetchall() == [(-2, "x"), (-1, "y")]


def test_with_a_month_nothing_later_is_seen(
    runs: Callable[..., list[Done]], con: duckdb.DuckDBPyConnection
) -> None:
    script = "SELECT MAX(l.ReportingPeriodEndDate) AS last INTO #last FROM [mesh_IAPT].[IsLatest_SubmissionID] l"
    runs(script)
    assert con.execute('SELECT last FROM "#last"').fetchall() == [(date(2025, 5, 31),)]
    runs(script, APRIL)
    assert con.execute('SELECT last FROM "#last"').fetchall() == [(date(2025, 4, 30),)]


def test_a_script_that_asks_for_it_divides_by_zero_without_an_error(con: duckdb.DuckDBPyConnection) -> None:
    (loud,) = run(con, carry("SELECT 1 / 0 AS a"))
    assert "zero" in loud.error
    assert value(con, "1 / 0", "SET ANSI_WARNINGS OFF") is None


def test_what_is_written_gives_the_same_in_a_client(release: Path, tmp_path: Path) -> None:
    script = """
        DECLARE @end DATE = (SELECT MAX(ReportingPeriodEndDate) FROM mesh_IAPT.IsLatest_SubmissionID)
        SELECT DATENAME(m, @end) + ' ' + CAST(YEAR(@end) AS VARCHAR) AS [Month], COUNT(*) / 2 AS half
        INTO [Out].[t] FROM mesh_IAPT.IsLatest_SubmissionID
    """
    text = as_sql(carry(script))
    (before,) = re.findall(r'-c "(.*)" -f', text)
    results, written = tmp_path / "results.duckdb", tmp_path / "this.sql"
    written.write_text(text, encoding="utf-8")
    duckdb_cli = Path(sys.executable).with_name("duckdb")
    if not duckdb_cli.exists():
        pytest.skip("the DuckDB command line (PyPI duckdb-cli) is not installed")
    subprocess.run(
        [str(duckdb_cli), "-readonly", str(release), "-c", before.replace("results.duckdb", str(results)), "-f", str(written)],
        check=True, capture_output=True,
    )  # fmt: skip
    with duckdb.connect(results, read_only=True) as con:
        assert con.execute('SELECT * FROM "Out".t').fetchall() == [("May 2025", 1)]


# --- what cannot be carried over ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("EXEC sp_executesql N'SELECT 1'", "EXEC is not understood"),
        ("EXEC (@sql)", "EXEC is not understood"),
        ("MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE;", "MERGE"),
        ("DECLARE c CURSOR FOR", "DECLARE is not understood"),
        ("DECLARE @t TABLE (a INT)", "temporary table"),
        ("SELECT @none", "not declared"),
        ("SELECT @@ROWCOUNT", "a variable of the system"),
        ("SELECT a FROM t WHERE a LIKE '[a-c]%'", "LIKE with a set"),
        ("SELECT DATEPART(dw, a) FROM t", "DATEFIRST"),
        ("SELECT DATEDIFF(week, a, b) FROM t", "weeks"),
        ("SELECT TOP 1 WITH TIES a FROM t ORDER BY a", "WITH TIES"),
        ("SELECT a FROM t FOR JSON AUTO", "no counterpart"),
        ("SELECT CONVERT(VARCHAR, a, 130) FROM t", "style 130"),
        ("INSERT INTO t EXEC p", "procedure"),
        ("ALTER TABLE t ADD c INT", "ALTER TABLE"),
        ("CREATE PROCEDURE p AS", "CREATE PROCEDURE"),
        ("BEGIN TRAN", "transaction"),
        ("BEGIN TRY SELECT 1 END TRY", "TRY and CATCH"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_said_with_its_line(statement: str, reason: str) -> None:
    first = list(every(carry(f"SELECT 1\n\n{statement}")))[1]
    assert (first.line, first.outcome, first.sql) == (3, Outcome.NOT_CARRIED, ())
    assert reason in " ".join(first.notes)


def test_an_error_names_its_line_and_the_script_goes_on(con: duckdb.DuckDBPyConnection) -> None:
    done = list(run(con, carry("SELECT 1 AS a INTO #a\nSELECT * FROM [Nowhere].[t]\nSELECT a FROM #a")))
    assert [(one.carried.line, bool(one.error), one.rows) for one in done] == [
        (1, False, 1),
        (2, True, 0),
        (3, False, 1),
    ]


def test_a_collation_that_is_left_out_is_noted(con: duckdb.DuckDBPyConnection) -> None:
    (one,) = carry("SELECT 1 AS a FROM #t a INNER JOIN #u b ON a.x = b.x COLLATE database_default")
    assert "capitals" in " ".join(one.notes)


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_script_is_read_in_the_encodings_of_its_tools(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.sql"
    path.write_bytes("SELECT '\u00a3' AS a\r\nGO\r\n".encode(encoding))
    assert [one.sql for one in carry(read_script(path))] == [("SELECT\n  '\u00a3' AS a",), ()]


def test_the_command_writes_the_sql_and_reports(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, out = tmp_path / "a.sql", tmp_path / "out.sql"
    script.write_text("SELECT 1 AS a\nGO\n", encoding="utf-8")
    assert _run(["tsql", str(script), "--out", str(out)]) == CLEAN
    assert "-- line 1: carried over\nSELECT\n  1 AS a;" in out.read_text(encoding="utf-8")
    assert "2 statements: 1 carried over, 1 not needed" in capsys.readouterr().out
    script.write_text("SELECT 1 AS a\nEXEC p\n", encoding="utf-8")
    assert _run(["tsql", str(script)]) == RECORDS_REJECTED
    assert "Line 2: EXEC not carried over: EXEC is not understood" in capsys.readouterr().out
    assert _run(["tsql", str(script), "--month", "May"]) == USAGE
    assert _run(["tsql", str(tmp_path / "none.sql")]) == USAGE
    assert _run(["tsql", str(script), "--run"]) == USAGE  # nothing is published


# --- the public scripts ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SCRIPTS, reason="PARITY_TSQL_SCRIPTS names no folder with the public scripts")
def test_the_public_scripts_run_whole_but_for_those_that_the_page_names(release: Path, tmp_path: Path) -> None:
    kept = tmp_path / "results.duckdb"
    named = set(re.findall(r"^\| `([^`]+\.sql)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    paths = sorted(Path(SCRIPTS).rglob("*.sql"))
    assert paths
    broken = set()
    for path in paths:
        carried = carry(read_script(path))
        with open_release(release, kept) as con:
            errors = [(one.carried.line, one.error) for one in run(con, carried) if one.error]
        if errors or any(one.outcome is Outcome.NOT_CARRIED for one in every(carried)):
            broken.add(path.name)
    assert broken == named
