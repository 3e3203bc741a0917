"""Incentives: what a service gains is what the tariff pays for the changed records, and nothing else."""

import json
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from demonstration.gaming.courses import courses
from demonstration.gaming.records import Records
from demonstration.gaming.ways import WAYS, Way
from pipelines.cli import _run
from pipelines.gamed import accepted, as_changed, records_of_service, sent, service_of
from pipelines.incentives import Setting, compared, incentives
from pipelines.zones import PROJECT
from reports.published.incentives import Gain, Incentives, as_csv, page, rows, verdict
from schemas.dataset import TABLES
from schemas.month import months_after
from schemas.periods import QUARTER
from schemas.staged import staged_schema
from tests.campaign import is_whole
from tests.fixtures.warehouse import APRIL, GAD7, PHQ9, Case, tables_of, write_submission
from warehouse.payment.tariff import Counted, Priced, Tariff, Weighed

SHOWN = ("DQ_PROBLEM_MIXED", "PAIRED", "REPEAT_REFERRALS", "FINISHED_OF_TREATED")
RECOVERY = Weighed(
    "Recovery", "clinical outcomes", Counted("RECOVERY"), Decimal(1), Decimal(0), Decimal(1), 1, "not paid"
)


def tariff(*priced: tuple[str, int], outcome: str = "0") -> Tariff:
    """Prices in pence by measure; the outcome part, if any, is all for recovery, from 0 % to 100 %."""
    return Tariff(
        "of the test", APRIL, None, QUARTER, Decimal(outcome), Decimal(0), Decimal(1), ("RXX",), "all", "the test", "the test",
        "F", tuple(Priced(measure, Counted(measure), pence) for measure, pence in priced),
        (RECOVERY,) if Decimal(outcome) else (),
    )  # fmt: skip


def ways(*names: str) -> tuple[Way, ...]:
    return tuple(way for way in WAYS if way.id in names)


def honest() -> Records:
    """A small service of the demonstration, March to July 2025."""
    return records_of_service(service_of(1, "ZX000", 25), months_after(APRIL, -1), 5, 1)


@cache
def small() -> Incentives:
    """Five ways at two services, the small one and the tiny one. A finished course is £100, half of it by recovery."""
    tried = ways("ALL_MIXED", "LAST_SCORES_OF_RECOVERED", "ONE_AS_TWO", "AFTER_TWO", "BEFORE_BAD_END")
    with TemporaryDirectory() as folder:
        services = [accepted(sent(honest(), service_of(1, "ZX000", 25), Path(folder))[0]), tiny(Path(folder))]
    return compared(tariff(("FINISHED", 10_000), outcome="0.5"), Setting((), 25, tried, 1, 3, 1, SHOWN), services)


def of(found: Incentives, way: str) -> Gain:
    return next(gain for gain in found.gains if gain.way == way)


def finished(records: Records, first: date, after: date) -> int:
    """Courses that a service itself would count as finished in these days."""
    day = pl.col("discharged")
    return courses(records).filter(pl.col("is_finished") & (day >= first) & (day < after)).height


def test_the_courses_paid_for_are_those_that_the_records_show() -> None:
    """Counted without core and marts. Each is £50 for itself."""
    for way in ways("ONE_AS_TWO", "AFTER_TWO"):
        before, after = (finished(each, APRIL, date(2025, 7, 1)) for each in (honest(), way.change(honest())))
        assert 10 < before < after
        paid, counted = of(small(), way.id).lines[0], [(number + 10) / 2 for number in (before, after)]
        assert (paid.part, paid.line) == ("activity", "FINISHED")
        assert [paid.figure_before, paid.figure_after] == counted
        assert [paid.before, paid.after] == [number * 5_000 for number in counted]


@pytest.mark.parametrize(
    ("way", "recovered"),
    [("BEFORE_BAD_END", 6), ("AFTER_TWO", 2), ("ONE_AS_TWO", 4), ("LAST_SCORES_OF_RECOVERED", 4)],
)
def test_a_gain_that_is_known_by_hand(way: str, recovered: int) -> None:
    """Ten courses at £100 are £1,000: £500 for themselves, and £50 for each that recovers, of which there are four."""
    assert of(small(), way).per_cent[1] == pytest.approx(100 * (50 * recovered - 50 * 4) / (500 + 50 * 4))


def test_what_the_tariff_does_not_pay_for_pays_nothing() -> None:
    """The control: this tariff does not ask for problems, and recovery counts a course without a last score."""
    for name in ("ALL_MIXED", "LAST_SCORES_OF_RECOVERED"):
        gain = of(small(), name)
        assert gain.per_cent == gain.per_hour == (0.0, 0.0)
        assert gain.total.before == gain.total.after > 0
        assert verdict(gain) == "pays nothing"
        assert (gain.people.fewer, gain.people.contacts_fewer, gain.people.contacts_more) == (0, 0, 0)


def test_the_measure_that_shows_a_way_is_named_first() -> None:
    for way, measure in (("ALL_MIXED", "DQ_PROBLEM_MIXED"), ("LAST_SCORES_OF_RECOVERED", "PAIRED")):
        assert of(small(), way).shown[0].measure == measure
        assert of(small(), way).is_seen
    assert not {"FINISHED", "RECOVERY"} & {shown.measure for gain in small().gains for shown in gain.shown}


def test_what_people_get_is_counted_by_person() -> None:
    two, split = of(small(), "AFTER_TWO"), of(small(), "ONE_AS_TWO").people
    assert 10 < two.people.fewer < two.people.referred
    assert two.people.contacts_fewer > two.people.fewer and two.people.contacts_more == 0
    assert (split.fewer, split.contacts_fewer, split.contacts_more) == (0, 0, 0)
    assert min(two.per_hour) > min(two.per_cent)


@pytest.mark.skipif(not is_whole(), reason="a build of its own: in the campaign")
def test_the_same_again_is_the_same() -> None:
    once, again = (
        incentives(tariff(("FINISHED", 1)), Setting((1, 2), 25, WAYS[:2], 1, 3, 1, SHOWN)) for _ in range(2)
    )
    assert once == again


def tiny(folder: Path) -> Records:
    """Ten courses at caseness: four recover, two were well on the second of three contacts, four never."""
    well = [
        {"CodedAssToolType": tool, "PersScore": "4", "AssToolCompDate": date(2025, 4, 10)} for tool in (PHQ9, GAD7)
    ]
    better, same = [(PHQ9, "15", "5"), (GAD7, "12", "3")], [(PHQ9, "15", "15"), (GAD7, "12", "12")]
    cases = [
        *(Case(f"r{n}", better, contacts=3, complaint="F321") for n in range(4)),
        *(Case(f"x{n}", same, contacts=3, complaint="F321", extra_scores=well) for n in range(2)),
        *(Case(f"n{n}", same, contacts=3, complaint="F321") for n in range(4)),
    ]
    submitted = accepted([write_submission(folder, "RYY", APRIL, tables_of(cases))])
    blank = {name: pl.DataFrame(schema=staged_schema(table)) for name, table in TABLES.items()}
    none = Records({name: as_changed(rows) for name, rows in blank.items()})
    return none.changed(**submitted.tables)


def test_page_and_table_say_the_same() -> None:
    found = small()
    assert [line.split(",")[1] for line in as_csv(found).splitlines()[1:]] == [row["way"] for row in rows(found)]
    text = page(found)
    for gain in found.gains:
        assert f"## {gain.title}\n" in text
        assert all(said in text for said in (gain.does, gain.harm, gain.stays, gain.guard, verdict(gain)))
    assert "«of the test»" in text and "2 services of the demonstration, with 25 referrals" in text


def test_the_page_in_docs_has_every_way_as_it_is_told() -> None:
    """Its numbers are held by the campaign: all services take minutes."""
    text = (PROJECT / "docs" / "incentives.md").read_text(encoding="utf-8")
    for way in WAYS:
        assert all(f" {said}" in text for said in (way.title, way.does, way.harm, way.stays, way.guard)), way.id
    assert text.count("\n## ") == len(WAYS) + 1


@pytest.mark.skipif(not is_whole(), reason="all services take minutes: in the campaign")
def test_the_page_in_docs_is_what_the_command_writes(tmp_path: Path) -> None:
    assert _run(["incentives", "--page", str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_bytes() == (PROJECT / "docs" / "incentives.md").read_bytes()


def test_a_tariff_that_cannot_be_used_and_a_way_that_is_none_are_refused_in_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tariff.csv").write_text("tariff,price\nours,12\n")
    for arguments, said in (
        (["--tariff", str(tmp_path / "tariff.csv")], "the column valid_from is missing"),
        (["--tariff", str(tmp_path / "none.csv")], "There is no file called"),
        (["--way", "CLAP"], "There is no way called CLAP. Known are FIRST_SCORES_OF_ALL"),
        (["--services", "0"], "--services is a whole number from 1 to 40"),
    ):
        assert _run(["incentives", *arguments]) == 2
        assert said in capfd.readouterr().err


@pytest.mark.skipif(not is_whole(), reason="a build of its own: in the campaign")
def test_the_command_prints_every_way_and_json(capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["incentives", "--services", "1", "--way", "ALL_MIXED", "--json"]) == 0
    assert {row["way"] for row in json.loads(capfd.readouterr().out)} == {"ALL_MIXED"}
    assert _run(["incentives", "--services", "1", "--way", "ALL_MIXED"]) == 0
    assert "Everything coded mixed anxiety and depression" in capfd.readouterr().out
