"""``parity capacity``: what a service reads of itself, what it may set, and what is said when it cannot be."""

import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.capacity import capacity
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE
from pipelines.zones import Zones, zones
from schemas.errors import NotAsked
from tests.fixtures.capacity import LAST, trainees_alone, write
from warehouse.capacity.reckoning import QUANTITIES
from warehouse.capacity.reference import named


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three services in a file; RC1 sent no staff."""
    file = tmp_path_factory.mktemp("capacity") / "warehouse.duckdb"
    with duckdb.connect(str(file)) as made:
        write(made)
    return file


@pytest.fixture
def published(home: Path, written: Path) -> Zones:
    """That file in the place of the published one."""
    found = zones()
    shutil.copy(written, found.warehouse)
    return found


def test_with_nothing_set_it_is_what_the_release_has(published: Zones) -> None:
    for provider in ("RA1", "RB1"):
        found = capacity(published, provider, [])
        assert found.results == found.before and not found.is_changed
        same = [f"{a.step}:{a.name}={a.value}" for a in found.assumptions if a.value is not None]
        again = capacity(published, provider, same)
        assert again.results == found.before and again.assumptions == found.assumptions
    assert (found.name, found.month) == ("Service RB1", LAST)


def test_more_staff_is_more_capacity_and_a_shorter_wait(published: Zones) -> None:
    found = capacity(published, "RA1", ["high intensity:staff_trained=40"])
    now, before = (
        {(row["step"], row["quantity"]): row["value"] for row in rows} for rows in (found.results, found.before)
    )
    assert now["all", "capacity"] > before["all", "capacity"] and now["all", "demand"] == before["all", "demand"]
    assert now["low intensity", "capacity"] == before["low intensity", "capacity"]
    assert now["high intensity", "extra_sessions_6"] == 0
    assert found.is_changed and {a.name for a in found.assumptions if a.source == "set here"} == {"staff_trained"}


def test_it_is_printed_as_tables_and_as_json(published: Zones, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["capacity", "RB1", "--set", "staff_trained=0", "--set", "trainee_sessions=0"]) == CLEAN
    said = capsys.readouterr().out
    assert said.startswith("Service RB1 (RB1), as at the end of March 2026\n\nSMI therapy\n")
    for quantity in QUANTITIES:
        assert quantity.title in said
    assert "never and" not in said and "Never: no more sessions are given than are asked for." in said
    assert "No standard: the page of NHS England names standards for Talking Therapies" in said
    assert all(name in said for name in named() if not name.startswith("wait_ratio"))
    # Nothing divided by no session is no «never», and of one step nothing is said of several.
    assert (
        re.search(r"Sessions asked for by sessions given +– +ratio", said)
        and "No ratio: no session is given." in said
    )
    assert "Never: no session is given." in said
    assert "All steps together" not in said and "Not every step" not in said  # one step is all
    assert _run(["capacity", " ra1", "--json"]) == CLEAN
    read = json.loads(capsys.readouterr().out)
    assert read["provider"] == "RA1" and read["month"] == "2026-03-01" and read["results"] == read["before"]
    assert {row["source"] for row in read["assumptions"]} >= {"observed", "convention"}
    assert all(row["lower_95"] <= row["value"] <= row["upper_95"] for row in read["results"] if row["value"] is not None
               and row["upper_95"] is not None)  # fmt: skip
    later = [row for row in read["forecast"] if row["quantity"] == "backlog"]
    assert [row["month"][:7] for row in later] == [f"2026-{month:02}" for month in range(4, 10)]
    assert _run(["capacity", "RA1", "--set", "referrals=90"]) == CLEAN
    assert (
        f"At the end of September 2026 likely between {later[-1]['lower_95']:,} and {later[-1]['upper_95']:,} sessions are "
        "still to give. That is with the values of the release.\n"
    ) in capsys.readouterr().out
    # Limits of an assumption are those of the release, and hold it.
    assert all(row["lower_95"] <= row["value"] <= row["upper_95"] for row in read["assumptions"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["RZZ"], "There is no service 'RZZ' in the release. Services: RA1, RB1, RC1."),
        (["RA1", "--set", "staff=3"], "There is no assumption 'staff'. Did you mean staff_trained? Accepted: referrals"),
        (["RA1", "--set", "referrals=90", "--set", "referrals=91"], "referrals is set twice for high intensity: 90 and 91. Set"),
        # Once for both steps and once for one of them, and once in the name of each: one value is for both.
        (["RA1", "--set", "wte_per_person=0.5", "--set", "low intensity:wte_per_person=0.8"],
         "wte_per_person is set twice for low intensity: 0.5 and 0.8. Set it once."),
        (["RA1", "--set", "low intensity:referrals=9", "--set", "high intensity:referrals=8"], "referrals is set twice for"),
        (["RA1", "--set", "share_starting=2"], "share_starting cannot be 2."),
        (["RC1"], "RC1 sent no staff records with its sessions, so its capacity is not known. Send the staff of each "
         "session (IDS202 CarePersLocalId), with IDS902 or SMI901 and SMI902. Or say it here: --set staff_trained=… "
         "--set appointments_per_wte=… --set unnamed_sessions=…. Missing: appointments_per_wte, staff_trained."),
        (["RA1", "--release", "2020-01-none"], "There is no release of that name."),
    ],
)  # fmt: skip
def test_what_cannot_be_reckoned_is_said_in_words(
    published: Zones, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    published.releases.mkdir(parents=True, exist_ok=True)
    assert _run(["capacity", *arguments]) == USAGE
    assert capsys.readouterr().err.startswith(f"parity: {said}")


def test_a_service_with_staff_in_training_alone_is_not_asked_for_its_records(published: Zones) -> None:
    with duckdb.connect(str(published.warehouse)) as made:
        trainees_alone(made, "RC1")
    with pytest.raises(NotAsked) as raised:
        capacity(published, "RC1", [])
    assert str(raised.value) == (
        "No session of RC1 names trained staff, only staff in training. So its capacity is not known. Say it here: "
        "--set staff_trained=… --set appointments_per_wte=…. Missing: appointments_per_wte."
    )
    # With what a trained member of staff would give, those in training are what is given now.
    found = capacity(published, "RC1", ["appointments_per_wte=40"])
    values = {row["quantity"]: row["value"] for row in found.results if row["step"] == "all"}
    assert values["capacity"] == 0 and values["rate"] > 0


def test_a_service_without_staff_records_may_say_its_staff(published: Zones) -> None:
    found = capacity(
        published,
        "RC1",
        ["staff_trained=5", "appointments_per_wte=40", "unnamed_sessions=0", "staff_in_training=0"],
    )
    row = next(row for row in found.results if row["quantity"] == "capacity")
    a = {each.name: each.value or 0.0 for each in found.assumptions}
    assert row["value"] == pytest.approx(5 * 40 * (1 - a["share_missed"] - a["share_cancelled"]), rel=1e-6)


def test_a_release_of_an_earlier_version_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with duckdb.connect(str(zones().warehouse)) as made:
        made.execute("CREATE SCHEMA mart")
    assert _run(["capacity", "RA1"]) == USAGE
    assert "It is of an earlier version" in capsys.readouterr().err.replace("it is", "It is")
