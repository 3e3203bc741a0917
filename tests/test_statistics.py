"""Wilson intervals, in Python and as the macros stored in the file, against published values.

Numbers: the worked test data of PHEindicatormethods (OHID), as listed in the statistics notes; facts, no code.
"""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from warehouse.statistics import Z_95, Z_998, create_macros, wilson

# x, n, lower and upper 95 %, lower and upper 99.8 %
PUBLISHED = [
    (65, 100, 0.5525444329688797, 0.7363575175690247, 0.4954946574070431, 0.7783540614089697),
    (1045, 5000, 0.19795549880013297, 0.22049130373189027, 0.19179381799015244, 0.22731562902525818),
    (1, 100, 0.0017674320641406511, 0.054486196178705294, 0.000873065697299977, 0.1045544528370582),
    (5, 100, 0.02154367915436798, 0.11175046923191911, 0.013865320725997183, 0.16458852282596442),
    (20, 100, 0.1333669333310325, 0.28882916559315885, 0.10519162066711432, 0.3471109417008601),
    (9856, 12345, 0.7912101752909069, 0.8053640073614909, 0.7869924108419063, 0.8093061412589626),
    (222, 3215, 0.060791690363636595, 0.07833956681383633, 0.05647101964624248, 0.08418414185270134),
    (999, 3456, 0.27418951080009873, 0.30440389662818057, 0.26583995768074953, 0.3134475449279985),
    (7776456, 7564336677, 0.0010273201001641094, 0.0010287644578977231, 0.0010269040118442213,
     0.0010291812992698397),
    (189152, 421744, 0.44699905, 0.45000102, None, None),  # England 2014/15 recovery, printed to 8 decimals
]  # fmt: skip


@pytest.fixture(scope="module")
def file_with_macros(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("macros") / "m.duckdb"
    with duckdb.connect(str(path), config={"storage_compatibility_version": "v1.0.0"}) as con:
        con.execute("CREATE SCHEMA mart")
        create_macros(con)
    return path


def macro(path: Path, x: int | None, n: int | None, z: float = Z_95) -> tuple[float | None, float | None]:
    with duckdb.connect(str(path), read_only=True) as con:
        row = con.execute(
            "SELECT mart.wilson_low($x::BIGINT, $n::BIGINT, $z), mart.wilson_high($x::BIGINT, $n::BIGINT, $z)",
            {"x": x, "n": n, "z": z},
        ).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize(("x", "n", "low_95", "high_95", "low_998", "high_998"), PUBLISHED)
def test_wilson_gives_the_published_limits(
    file_with_macros: Path,
    x: int,
    n: int,
    low_95: float,
    high_95: float,
    low_998: float | None,
    high_998: float | None,
) -> None:
    tolerance = 1e-12 if low_998 else 5e-9
    for z, low, high in ((Z_95, low_95, high_95), (Z_998, low_998, high_998)):
        if low is not None:
            for found in (wilson(x, n, z), macro(file_with_macros, x, n, z)):
                assert found is not None
                assert found[0] == pytest.approx(low, abs=tolerance)
                assert found[1] == pytest.approx(high, abs=tolerance)


@pytest.mark.parametrize(("x", "n"), [(None, 10), (5, None), (0, 0), (6, 5), (-1, 5)])
def test_no_share_has_no_interval(file_with_macros: Path, x: int | None, n: int | None) -> None:
    assert macro(file_with_macros, x, n) == (None, None)
    if x is not None and n is not None:
        assert wilson(x, n) is None


@pytest.mark.parametrize("n", [1, 3, 40, 12345])
def test_the_interval_stays_between_0_and_1_and_nobody_is_an_answer(file_with_macros: Path, n: int) -> None:
    low, high = macro(file_with_macros, 0, n)
    assert low == 0 and 0 < (high or 0) < 1
    low, high = macro(file_with_macros, n, n)
    assert 0 < (low or 0) < 1 and high == 1


def test_the_released_command_line_runs_the_macros(file_with_macros: Path) -> None:
    duckdb_cli = Path(sys.executable).with_name("duckdb")
    if not duckdb_cli.exists():
        pytest.skip("the DuckDB command line (PyPI duckdb-cli) is not installed")
    query = "SELECT mart.wilson_low(65, 100), mart.wilson_high(65, 100, z := 3.090232306167813)"
    done = subprocess.run(
        [str(duckdb_cli), "-readonly", "-csv", "-noheader", str(file_with_macros), query],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    low, high = (float(cell) for cell in done.stdout.split(","))
    assert low == pytest.approx(0.5525444329688797, abs=1e-12)
    assert high == pytest.approx(0.7783540614089697, abs=1e-12)
