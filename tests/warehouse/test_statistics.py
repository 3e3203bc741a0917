"""Intervals and funnel limits, in Python and as the macros stored in the file, against published values.

Numbers: the worked test data of PHEindicatormethods (OHID) and FunnelPlotR, as listed in the statistics notes; facts,
no code.
"""

import subprocess
import sys
from collections.abc import Iterator
from math import comb
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.comparison.statistics import (
    Z_95,
    Z_998,
    byar,
    create_macros,
    exact_poisson,
    poisson_limits,
    wilson,
)
from warehouse.storage import writing

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
    with duckdb.connect(str(path), config=writing()) as con:
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
def test_the_interval_stays_between_0_and_1_and_allows_no_patients(file_with_macros: Path, n: int) -> None:
    low, high = macro(file_with_macros, 0, n)
    assert low == 0 and 0 < (high or 0) < 1
    low, high = macro(file_with_macros, n, n)
    assert 0 < (low or 0) < 1 and high == 1


def test_the_released_command_line_runs_the_macros(file_with_macros: Path) -> None:
    duckdb_cli = Path(sys.executable).with_name("duckdb")
    if not duckdb_cli.exists():
        pytest.skip("the DuckDB command line (PyPI duckdb-cli) is not installed")
    query = "SELECT mart.wilson_low(65, 100, mart.z_95()), mart.wilson_high(65, 100, mart.z_998())"
    done = subprocess.run(
        [str(duckdb_cli), "-readonly", "-csv", "-noheader", str(file_with_macros), query],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    low, high = (float(cell) for cell in done.stdout.split(","))
    assert low == pytest.approx(0.5525444329688797, abs=1e-12)
    assert high == pytest.approx(0.7783540614089697, abs=1e-12)


def value(path: Path, expression: str) -> float | None:
    with duckdb.connect(str(path), read_only=True) as con:
        row = con.execute(f"SELECT {expression}").fetchone()
    assert row is not None
    return None if row[0] is None else float(row[0])


# Count, limits at 95 %, limits at 99.8 %; None: not given there.
BYAR = [
    (65, 50.163187710459454, 82.84913854593984, 42.8802614714802, 94.00029084431802),
    (1045, 982.5932018073325, 1110.33121298565, 947.9407035610374, 1148.806160988033),
    (1, 0.01307213290150435, 5.5637555824752605, None, 9.362180217908362),
]
EXACT = [
    (1, 0.025317807984289897, 5.571643390938898, 0.0010005003335835344, 9.233413476451585),
    (5, 1.62348639011842, 11.668332079322669, 0.739371731917839, 16.454745203680105),
]


@pytest.mark.parametrize(("o", "low_95", "high_95", "low_998", "high_998"), BYAR)
def test_byar_gives_the_published_limits(
    o: int, low_95: float, high_95: float, low_998: float | None, high_998: float
) -> None:
    assert byar(o) == pytest.approx((low_95, high_95), rel=1e-12)
    # Where the published table has none (the bracket is negative), no count at all cannot be excluded.
    assert byar(o, Z_998) == pytest.approx((low_998 or 0, high_998), rel=1e-12)


@pytest.mark.parametrize(("o", "low_95", "high_95", "low_998", "high_998"), EXACT)
def test_exact_limits_of_a_count_are_the_published_ones(
    file_with_macros: Path, o: int, low_95: float, high_95: float, low_998: float, high_998: float
) -> None:
    assert exact_poisson(o) == pytest.approx((low_95, high_95), rel=1e-12)
    assert exact_poisson(o, Z_998) == pytest.approx((low_998, high_998), rel=1e-12)
    assert value(file_with_macros, f"mart.count_low({o}, {Z_95})") == pytest.approx(low_95, rel=1e-12)
    assert value(file_with_macros, f"mart.count_high({o}, {Z_998})") == pytest.approx(high_998, rel=1e-12)


@pytest.mark.parametrize("o", [0, 1, 9, 10, 11, 65, 1045, 3_000_000])
@pytest.mark.parametrize("z", [Z_95, Z_998])
def test_counts_have_exact_limits_below_10_and_byars_from_there(file_with_macros: Path, o: int, z: float) -> None:
    low, high = exact_poisson(o, z) if o < 10 else byar(o, z)
    assert poisson_limits(o, z) == (low, high) and low <= o < high
    assert value(file_with_macros, f"mart.count_low({o}::BIGINT, {z})") == pytest.approx(low, rel=1e-12)
    assert value(file_with_macros, f"mart.count_high({o}::BIGINT, {z})") == pytest.approx(high, rel=1e-12)


def test_no_count_has_no_limits_and_none_at_all_begins_at_0(file_with_macros: Path) -> None:
    assert value(file_with_macros, f"mart.count_low(NULL::BIGINT, {Z_95})") is None
    assert value(file_with_macros, f"mart.count_high(-1, {Z_95})") is None
    assert value(file_with_macros, f"mart.count_low(0, {Z_95})") == 0


# The funnel around 80.6424478571495 % of 303 primary care trusts, in per cent.
FUNNEL = [
    (1, 3.204264, 100, 0, 100),
    (2, 25.885383, 100, 0, 100),
    (211, 75.311383, 85.973512, 72.237075, 89.04782),
    (737, 77.789976, 83.49492, 76.145017, 85.139878),
    (31477, 80.205974, 81.078922, 79.954269, 81.330627),
]


@pytest.mark.parametrize(("n", "low_95", "high_95", "low_998", "high_998"), FUNNEL)
def test_funnel_limits_of_a_share_are_the_published_ones(
    file_with_macros: Path, n: int, low_95: float, high_95: float, low_998: float, high_998: float
) -> None:
    p = 0.806424478571495
    for z, low, high in ((Z_95, low_95, high_95), (Z_998, low_998, high_998)):
        for name, limit in (("low", low), ("high", high)):
            found = value(file_with_macros, f"mart.funnel_{name}({p}::DOUBLE, {n}, {z}, 0)")
            assert 100 * (found or 0) == pytest.approx(limit, abs=5e-7)
    assert value(file_with_macros, f"mart.funnel_low({p}::DOUBLE, 0, {Z_95}, 0)") is None


@pytest.mark.parametrize(
    ("observed", "expected", "label"),
    [
        (8, 6.239860227, "ns"), (151, 106.4429719, "High.001"), (159, 232.9329036, "Low.001"),
        (191, 184.0963855, "ns"), (150, 119.5695496, "High.025"),
    ],
)  # fmt: skip
def test_observed_against_expected_is_labelled_as_published(observed: int, expected: float, label: str) -> None:
    found = "ns"
    for z, mark in ((Z_95, ".025"), (Z_998, ".001")):
        low, high = poisson_limits(observed, z)
        found = f"High{mark}" if low > expected else f"Low{mark}" if high < expected else found
    assert found == label


@pytest.mark.parametrize(
    ("expected", "low_95", "high_95", "low_998", "high_998"),
    [
        (15, 0.5596924, 1.649348, 0.3862650, 2.082907),
        (20, 0.6108260, 1.544419, 0.4479107, 1.902094),
        (30, 0.6746958, 1.427562, 0.5289724, 1.702771),
    ],
)
def test_funnel_limits_of_a_ratio_are_the_published_ones(
    expected: float, low_95: float, high_95: float, low_998: float, high_998: float
) -> None:
    assert [x / expected for x in exact_poisson(expected)] == pytest.approx([low_95, high_95], abs=5e-7)
    assert [x / expected for x in exact_poisson(expected, Z_998)] == pytest.approx([low_998, high_998], abs=5e-7)


@pytest.mark.parametrize(
    ("observed", "low", "high"),
    [
        (895, 1.0017147712553987, 1.143233287249895),
        (91, 0.08765040101829405, 0.1336657632841891),
        (9, 0.004923380825095776, 0.02043921455549973),
    ],
)
def test_indirectly_standardised_ratios_are_the_published_ones(observed: int, low: float, high: float) -> None:
    assert [x / 835.8835612311743 for x in poisson_limits(observed)] == pytest.approx([low, high], rel=1e-12)


def test_the_rounding_edge_of_the_published_recovery_of_2014_15() -> None:
    # 189,152 of 421,744 is 44.84996 %: published as 44.8.
    assert round(100 * 189152 / 421744, 1) == 44.8


@pytest.fixture(scope="module")
def with_macros() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA mart")
        create_macros(con)
        yield con


@given(n=st.integers(1, 80), m=st.integers(1, 300), data=st.data())
def test_the_exact_test_against_the_rest_is_the_doubled_hypergeometric_tail(
    with_macros: duckdb.DuckDBPyConnection, n: int, m: int, data: st.DataObject
) -> None:
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    chance = {i: comb(n, i) * comb(m, x + y - i) for i in range(max(0, x + y - m), min(n, x + y) + 1)}
    tail = sum(v for i, v in chance.items() if (i >= x if x * m >= y * n else i <= x))
    row = with_macros.execute("SELECT mart.p_against_rest(?, ?, ?, ?)", [x, n, y, m]).fetchone()
    assert row == (pytest.approx(min(1.0, 2 * tail / comb(n + m, x + y)), rel=1e-8),)


@pytest.mark.parametrize(
    ("x", "n", "y", "m"), [(1, 0, 5, 9), (1, 2, 3, 0), (3, 2, 1, 9), (1, 2, -1, 9), (None, 2, 1, 9)]
)
def test_no_exact_test_without_two_shares(
    with_macros: duckdb.DuckDBPyConnection, x: int | None, n: int, y: int, m: int
) -> None:
    assert with_macros.execute("SELECT mart.p_against_rest(?::BIGINT, ?, ?, ?)", [x, n, y, m]).fetchall() == [
        (None,)
    ]
