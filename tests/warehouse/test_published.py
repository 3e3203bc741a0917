"""NHS England's published annual statistics: what is read, what is kept apart, and that our definitions are theirs."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from reports.published.services import DOCS, published_services
from tests.fixtures.warehouse import APRIL, Case, ask, some, tables_of, write_submission
from warehouse.build import build_core, build_marts
from warehouse.published import PublishedError, load_published, normalise_published

REAL = Path(__file__).parents[3] / "shared" / "domain" / "published"
needs_real = pytest.mark.skipif(
    not (REAL / "measures_annual.parquet").is_file(), reason="NHS England's published statistics are not here"
)

# What is published of our catalogue: all 350 measures take three times as long and have no published figure.
COUNTED = some(
    "REFERRALS", "FINISHED", "AT_CASENESS", "NOT_AT_CASENESS", "RECOVERY", "RELIABLE_RECOVERY", "RELIABLE_IMPROVEMENT",
    "NO_RELIABLE_CHANGE", "RELIABLE_DETERIORATION",
)  # fmt: skip
PROVIDERS = pl.DataFrame(
    {
        "org_code": ["RXX", "RYY"],
        "org_name": ["Alpha Trust", "Beta Trust"],
        "status": ["Active", "Active"],
        "start_date": ["2011-04-01", None],
        "end_date": [None, None],
        "town": ["Here", "There"],
        "icb_code": ["Q1", "Q2"],
        "icb_name": ["One", "Two"],
        "region_code": ["Y1", "Y2"],
        "region_name": ["North", "South"],
    },
    schema_overrides={"end_date": pl.String},
)
Fact = tuple[str, str, str, str, str | None]  # org type, org code, measure, statistic, value


def annual(facts: Sequence[Fact]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "reporting_period": "2023-24",
                "start_date": date(2023, 4, 1),
                "end_date": date(2024, 3, 31),
                "org_type": kind,
                "org_code": code,
                "org_name": f"{code} name",
                "variable_type": "Total",
                "variable_a": "NULL",
                "variable_b": "NULL",
                "measure_name": measure,
                "measure_statistic": statistic,
                "value": value,
            }
            for kind, code, measure, statistic, value in facts
        ],
        schema_overrides={"value": pl.String},
    )


def folder_with(tmp: Path, facts: Sequence[Fact]) -> Path:
    folder = tmp / "published"
    folder.mkdir(parents=True)
    annual(facts).write_parquet(folder / "measures_annual.parquet")
    PROVIDERS.write_parquet(folder / "providers.parquet")
    return folder


def of(code: str, recovery: str | None, finished: str | None, not_case: str | None, rate: str | None) -> list[Fact]:
    kind = "England" if code == "All" else "Provider"
    return [
        (kind, code, "recovery", "count", recovery),
        (kind, code, "recovery", "percentage", rate),
        (kind, code, "finished_course_treatment", "count", finished),
        (kind, code, "not_at_caseness", "count", not_case),
    ]


def built(tmp: Path, facts: Sequence[Fact]) -> Path:
    normalise_published(folder_with(tmp, facts), tmp / "tidy")
    draft = tmp / "d.duckdb"
    build_core(draft, [], measures=COUNTED)
    load_published(draft, tmp / "tidy")
    build_marts(draft, measures=COUNTED)
    return draft


def compared(draft: Path, measure: str) -> dict[str, tuple[object, ...]]:
    rows = ask(
        draft,
        """SELECT provider, numerator, denominator, state, value, published_rate FROM mart.service_comparison
           WHERE source = 'published' AND measure = ?""",
        [measure],
    )
    return {row[0]: row[1:] for row in rows}


def test_suppressed_not_applicable_and_zero_are_three_different_things(tmp_path: Path) -> None:
    facts = [
        *of("All", "50", "110", "10", "50.0"),
        *of("R01", "0", "40", "0", "0"),
        *of("R02", "*", "20", "*", "*"),
        *of("R03", "NULL", "20", "0", "NULL"),
        *of("R04", None, "20", "0", None),
        *of("R05", "15", "35", "*", "45"),
        *of("R06", "0", "5", "5", "0"),
        *of("R07", "15", "*", "*", "45"),
    ]
    found = compared(built(tmp_path, facts), "RECOVERY")
    assert found["R01"] == (0, 40, "value", 0.0, 0)
    assert found["R02"] == (None, None, "suppressed", None, None)
    assert found["R03"] == (None, 20, "not applicable", None, None)
    assert found["R04"] == (None, 20, "not applicable", None, None)
    # The count is known, its denominator is not: no rate of ours, theirs beside it.
    assert found["R05"][:4] == (15, None, "suppressed", None) and float(str(found["R05"][4])) == 0.45
    assert found["R06"] == (0, 0, "no denominator", None, 0)
    assert found["R07"][2:4] == ("suppressed", None)
    assert "All" not in found


def test_improvement_and_deterioration_are_shares_of_all_finished_courses(tmp_path: Path) -> None:
    facts: list[Fact] = [
        *of("RXX", "50", "110", "10", "50"),
        ("Provider", "RXX", "improvement", "count", "66"),
        ("Provider", "RXX", "deterioration", "count", "11"),
    ]
    draft = built(tmp_path, facts)
    assert compared(draft, "RELIABLE_IMPROVEMENT")["RXX"][:3] == (66, 110, "value")
    assert compared(draft, "RELIABLE_DETERIORATION")["RXX"][:3] == (11, 110, "value")


def test_published_rows_are_next_to_submitted_ones_and_name_the_provider(tmp_path: Path) -> None:
    normalise_published(folder_with(tmp_path, of("RXX", "50", "110", "10", "50")), tmp_path / "tidy")
    draft = tmp_path / "d.duckdb"
    build_core(draft, [write_submission(tmp_path, "RXX", APRIL, tables_of([Case("a")]))], measures=COUNTED)
    counts = load_published(draft, tmp_path / "tidy")
    assert counts["published.measure_annual"] == 4 and counts["published.service_count"] == 3
    build_marts(draft, measures=COUNTED)
    found = ask(
        draft,
        """SELECT source, provider_name, period_type FROM mart.service_comparison
           WHERE measure = 'RECOVERY' AND pathway = 'all' ORDER BY source""",
    )
    assert found == [("published", "Alpha Trust", "financial year"), ("submitted", "Alpha Trust", "month")]


def test_the_same_total_under_two_names_counts_once_and_two_totals_are_refused(tmp_path: Path) -> None:
    twice = of("RXX", "50", "110", "10", "50") * 2
    assert compared(built(tmp_path / "a", twice), "RECOVERY")["RXX"][:2] == (50, 100)
    with pytest.raises(PublishedError, match=r"has two different totals: RXX 2023-24 recovery"):
        built(tmp_path / "b", [*twice, ("Provider", "RXX", "recovery", "count", "60")])


def test_an_unreadable_file_gives_a_message_and_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(PublishedError, match="is not a folder"):
        normalise_published(tmp_path / "nowhere", tmp_path / "tidy")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PublishedError, match=r"has no measures_annual.parquet and no providers.parquet"):
        normalise_published(tmp_path / "empty", tmp_path / "tidy")
    good = folder_with(tmp_path / "good", of("RXX", "50", "110", "10", "50"))
    normalise_published(good, tmp_path / "tidy")
    before = {path.name: path.read_bytes() for path in (tmp_path / "tidy").iterdir()}

    bad = folder_with(tmp_path / "bad", of("RXX", "about 50", "110", "10", "50"))
    with pytest.raises(PublishedError, match=r"must be a number, '\*' or 'NULL', but found 'about 50' \(1 times\)"):
        normalise_published(bad, tmp_path / "tidy")
    annual(of("RXX", "1", "1", "1", "1")).drop("value").write_parquet(bad / "measures_annual.parquet")
    with pytest.raises(PublishedError, match=r"measures_annual.parquet has no column value\."):
        normalise_published(bad, tmp_path / "tidy")
    (bad / "measures_annual.parquet").write_text("not parquet")
    with pytest.raises(PublishedError, match="cannot be read as Parquet"):
        normalise_published(bad, tmp_path / "tidy")
    after = {path.name: path.read_bytes() for path in (tmp_path / "tidy").iterdir() if path.suffix != ".partial"}
    assert after == before
    with pytest.raises(PublishedError, match="has no normalised published statistics"):
        load_published(tmp_path / "d.duckdb", tmp_path / "empty")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A draft with the real statistics of 2017-18 to 2023-24 (without the 8 M PROM rows: 9 s nobody asks here)."""
    tmp = tmp_path_factory.mktemp("real")
    counts = normalise_published(REAL, tmp / "tidy", with_proms=False)
    assert counts["measures_annual"] == 4_114_642
    draft = tmp / "d.duckdb"
    build_core(draft, [], measures=COUNTED)
    load_published(draft, tmp / "tidy")
    build_marts(draft, measures=COUNTED)
    return draft


@needs_real
@pytest.mark.parametrize(
    "measure", ["RECOVERY", "RELIABLE_RECOVERY", "RELIABLE_IMPROVEMENT", "RELIABLE_DETERIORATION"]
)
def test_our_denominators_give_every_published_rate_of_england(real: Path, measure: str) -> None:
    rows = ask(
        real,
        """SELECT period_start, numerator, denominator, published_rate FROM mart.national
           WHERE measure = ? ORDER BY period_start""",
        [measure],
    )
    assert [row[0].year for row in rows] == list(range(2017, 2024))
    for _, numerator, denominator, published in rows:
        assert abs(100 * numerator / denominator - 100 * float(published)) <= 0.05 + 1e-9


@needs_real
def test_at_caseness_is_not_the_denominator(real: Path) -> None:
    rows = ask(
        real,
        """SELECT c.period_start, r.numerator, c.numerator, r.published_rate FROM mart.national AS c
           INNER JOIN mart.national AS r ON r.period_start = c.period_start AND r.measure = 'RECOVERY'
           WHERE c.measure = 'AT_CASENESS' ORDER BY ALL""",
    )
    missed = [abs(100 * n / d - 100 * float(rate)) > 0.05 + 1e-9 for _, n, d, rate in rows]
    assert sum(missed) >= 5


@needs_real
def test_provider_rates_recomputed_from_rounded_counts_agree_with_the_published(real: Path) -> None:
    rows = ask(
        real,
        """SELECT count(*), count(*) FILTER (WHERE abs(value - published_rate) <= 0.01),
           count(*) FILTER (WHERE abs(value - published_rate) <= 0.05),
           count(*) FILTER (WHERE numerator % 5 <> 0)
           FROM mart.service_comparison WHERE measure = 'RECOVERY' AND value IS NOT NULL""",
    )
    ((total, within_1, within_5, unrounded),) = rows
    # Counts are rounded to 5 and rates to whole per cents: small services differ by a few points, no more.
    assert total > 1000 and unrounded == 0
    assert within_1 / total > 0.9 and within_5 / total > 0.98


@needs_real
def test_real_suppressed_counts_stay_suppressed(real: Path) -> None:
    rows = dict(ask(real, "SELECT state, count(*) FROM published.measure_annual GROUP BY state"))
    assert rows == {"value": 2_066_769, "suppressed": 1_073_945, "not applicable": 973_928}
    assert ask(
        real,
        """SELECT count(*) FROM mart.service_comparison
           WHERE state = 'suppressed' AND (value IS NOT NULL OR (numerator IS NOT NULL AND denominator IS NOT NULL))""",
    ) == [(0,)]


def test_normalising_gives_the_same_bytes_with_any_number_of_threads(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, of("RXX", "50", "110", "10", "50") * 300)
    normalise_published(folder, tmp_path / "one")
    normalise_published(folder, tmp_path / "two")
    name = "measures_annual.parquet"
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    with duckdb.connect() as con:
        row = con.execute("SELECT count(*) FROM read_parquet(?)", [str(tmp_path / "one" / name)]).fetchone()
    assert row == (1200,)


@needs_real
def test_every_service_with_a_figure_has_its_place_in_funnel_and_control_chart(real: Path) -> None:
    measures = ["RECOVERY", "RELIABLE_RECOVERY", "RELIABLE_IMPROVEMENT"]
    rows = ask(
        real,
        """SELECT count(*), count(*) FILTER (WHERE funnel_position IS NOT NULL AND z_adjusted IS NOT NULL),
               count(*) FILTER (WHERE why_not LIKE 'denominator under%'), min(services), min(phi), max(phi),
               count(*) FILTER (WHERE (funnel_position = 'within') <> (abs(z) <= 1.959963984540054))
           FROM mart.service_comparison
           WHERE source = 'published' AND measure IN (SELECT unnest(?)) AND state = 'value'""",
        [measures],
    )
    ((figures, placed, small, services, low, high, contradictory),) = rows
    assert figures > 3000 and placed + small == figures and contradictory == 0
    # Services differ far more than by chance in every year: 10 to 25 times the variation.
    assert services >= 100 and 5 < low < high < 40
    charts = ask(
        real,
        """SELECT count(*), count(*) FILTER (WHERE limits = 'too few points'), max(points) FROM mart.control_chart_summary
           WHERE source = 'published' AND provider <> 'ENG' AND measure IN (SELECT unnest(?))""",
        [measures],
    )
    with_value = ask(
        real,
        """SELECT count(DISTINCT provider || measure) FROM mart.service_comparison
           WHERE source = 'published' AND state = 'value' AND measure IN (SELECT unnest(?))""",
        [measures],
    )
    assert charts[0][0] == with_value[0][0] and charts[0][1] < charts[0][0] and charts[0][2] == 7


@needs_real
def test_the_page_on_the_published_figures_is_what_they_give_today(real: Path) -> None:
    with duckdb.connect(str(real), read_only=True) as con:
        for name, content in published_services(con).items():
            assert (DOCS / name).read_text(encoding="utf-8") == content, f"make published: {name} is stale"
