"""A preview: equal to what is published, what findings cost, what stands beside it, and what is left of it."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from demonstration.writing import write_submissions
from pipelines.cli import _run
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.preview import beside, costs, preview, rows
from pipelines.preview.beside import NotRead
from pipelines.publish import build_core, build_marts
from pipelines.worker import for_submissions
from pipelines.zones import PROJECT, zones
from reports.pages import own_file
from reports.pages.release import INSIDE, opened
from reports.preview.content import FIGURES, Earlier, no_figures
from reports.preview.told import cannot_know, headline
from schemas.errors import NotAsked
from tests.campaign import is_whole
from tests.fixtures.example import example
from tests.fixtures.preview import previewed
from tests.fixtures.public_release import made_release
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import submission, zipped
from tests.fixtures.warehouse import one_of_each, some
from transforms.pseudonymise import TokenKey

KEY = TokenKey("p1", "5e" * 32, "6f" * 32)
KEYS = ["provider", "month", "pathway", "measure", "breakdown", "breakdown_group"]
_PUBLISHED = """
SELECT organisation AS provider, period_start AS month, pathway, measure, '' AS breakdown, '' AS breakdown_group,
    numerator, denominator, value, state
FROM v1.figure WHERE level = 'provider' AND period_type = 'month' AND organisation = $provider
UNION ALL
SELECT organisation, period_start, pathway, measure, breakdown, breakdown_group, numerator, denominator, value, state
FROM v1.figure_by_group WHERE level = 'provider' AND period_type = 'month' AND organisation = $provider
UNION ALL
SELECT organisation, period_start, 'all', measure, '', '', numerator, denominator, numerator / nullif(denominator, 0),
    state
FROM mart.quality_count
WHERE level = 'provider' AND period_type = 'month' AND organisation = $provider
    AND measure NOT IN (SELECT measure FROM mart.quality_item WHERE table_id = 'submission')
"""


def published(database: Path, provider: str) -> pl.DataFrame:
    with duckdb.connect(str(database), read_only=True) as con:
        return pl.DataFrame(con.sql(_PUBLISHED, params={"provider": provider}).to_arrow_table())


def differences(theirs: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Cells of a release that a preview lacks or has otherwise."""
    both = theirs.join(own, on=KEYS, how="left", suffix="_own")
    return both.filter(
        pl.any_horizontal(
            pl.col(name).ne_missing(pl.col(f"{name}_own"))
            for name in ("numerator", "denominator", "value", "state")
        )
    )


def test_every_figure_of_a_release_is_in_the_preview_of_the_same_extract(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A measure of every kind, with its groups, and every item of data quality. All measures: the campaign."""
    asked = one_of_each(dates=is_whole())
    for module in ("build", "own_figures"):
        monkeypatch.setattr(f"warehouse.{module}.catalogue", lambda: some(*asked))
    release = loaded_and_published(tmp_path)
    items = pl.col("measure").str.contains(".", literal=True)
    theirs = published(release.warehouse, "RW5").filter(pl.col("measure").is_in(asked) | items)
    own = rows.of_preview(submission(tmp_path), tmp_path / "made", KEY)
    made = rows.figures(tmp_path / "made", [own], None)
    assert theirs.height > 200 and theirs["breakdown"].n_unique() > 1
    assert differences(theirs, made.figures).is_empty()
    further = made.figures.join(theirs, on=KEYS, how="anti")
    assert set(further["state"]) <= {"no denominator"}  # items that nobody in England has a record for


@pytest.mark.skipif(not is_whole(), reason="two services, six months, all measures: make campaign")
def test_every_figure_of_services_over_months_is_in_their_previews(tmp_path: Path, home: Path) -> None:
    extracts = tmp_path / "extracts"
    write_submissions(extracts, providers=2, months=6, start=date(2025, 10, 1), seed=1, faults=0.02)
    root, ledger = zones(), open_ledger(zones().ledger)
    sent = sorted(extracts.glob("*_20*"))  # the answer key of the faults is beside them
    for path in sent:
        load(path, root, ledger, spine_key())
    build_core(root, ledger)
    build_marts(root)
    for provider in {path.name.partition("_")[0] for path in sent}:
        last = max(extracts.glob(f"{provider}_*"))
        found = preview(last, [extracts])
        assert found.of is not None
        theirs = published(root.draft, provider).filter(pl.col("month") == found.of.month)
        assert theirs.height > 5_000
        assert differences(theirs, found.figures).is_empty()
        earlier = published(root.draft, provider).filter(pl.col("month") < found.of.month)
        assert differences(earlier, found.earlier.figures).is_empty()
        assert len(found.earlier.extracts) == 5


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of four measures, for builds of a second."""
    few = some("REFERRALS", "ACCESS", "FINISHED", "CONTACTS_HELD")
    monkeypatch.setattr("warehouse.own_figures.catalogue", lambda: few)
    monkeypatch.setattr("pipelines.preview.costs.catalogue", lambda: few)


def figure(figures: pl.DataFrame, measure: str, column: str = "numerator") -> int:
    of = figures.filter(pl.col("measure") == measure, pl.col("pathway") == "all", pl.col("breakdown") == "")
    return int(of[column].item())


WRONG = [
    ("IDS101", 2, {"ServDischDate": "24/04/2026"}),
    ("IDS101", 4, {"ServDischDate": "28/04/2026"}),
    ("IDS101", 5, {"ServDischDate": "20/04/2026"}),
    ("IDS001", 0, {"PersonBirthDate": "yesterday"}),
    ("IDS201", 4, {"AttendOrDNACode": "9"}),
]


def test_what_a_rejection_costs_is_what_its_correction_brings(tmp_path: Path, few: None) -> None:
    """Held to an extract whose dates, one cause, are corrected in truth, and which has the other faults still.

    Of a warning only the figures are said that are made of the value: its right value is not guessed.
    """
    folder = tmp_path / "made"
    own = rows.of_preview(example(tmp_path / "wrong", *WRONG), folder, KEY)
    found = {cost.rule_id: cost for cost in costs.costs(folder, own, [])}
    dates, birth, code = "CAUSE-DATES-DAY-FIRST", "IDS001-PersonBirthDate-FORMAT", "IDS201-AttendOrDNACode-CODE"
    assert set(found) >= {dates, birth, code}
    truly = rows.of_preview(example(tmp_path / "right", *WRONG[3:]), tmp_path / "made right", KEY)
    then = rows.figures(tmp_path / "made right", [truly], None).figures
    changed = found[dates].changes.filter(pl.col("pathway") == "all")
    assert set(changed["measure"]) >= {"ACCESS", "CONTACTS_HELD"}
    for row in changed.iter_rows(named=True):
        assert row["then_numerator"] == figure(then, row["measure"]) != row["now_numerator"]
    assert truly.verdict["totals"]["accepted"] - own.verdict["totals"]["accepted"] == found[dates].rows
    said = {rule["rule_id"]: rule["returns_alone"] for rule in own.verdict["rules"]}
    assert (said[dates], said[birth]) == (found[dates].rows, found[birth].rows)
    warned = found[code]
    assert (warned.records, warned.is_rejecting, warned.is_value_used) == (1, False, False)
    assert "CONTACTS_HELD" in set(warned.changes["measure"]) and "REFERRALS" not in set(warned.changes["measure"])
    assert set(warned.changes["then_numerator"]) == {None}


def test_a_rejected_file_has_the_rows_that_it_would_have(tmp_path: Path) -> None:
    right = rows.of_preview(submission(tmp_path), tmp_path / "made", KEY)
    renamed = (tmp_path / "RW5_2025-04").rename(tmp_path / "RW5_2025-05")  # the header says April
    refused = rows.of_preview(renamed, tmp_path / "made anew", KEY)
    assert (right.counts, refused.counts, refused.has_rows) == (True, False, True)
    for path in right.folder.glob("*.parquet"):
        assert pl.read_parquet(refused.folder / path.name).equals(pl.read_parquet(path))


def test_national_figures_are_read_from_each_form_of_a_release() -> None:
    release = made_release()
    of_file = beside.national(release / "parity-public.duckdb")
    assert of_file.months == (date(2025, 4, 1),)
    for path in (release, release / "public.national.csv", release / "public.national.parquet"):
        assert beside.national(path).figures.sort(pl.all()).equals(of_file.figures.sort(pl.all()))
    recovery = (pl.col("measure") == "RECOVERY") & (pl.col("pathway") == "all")
    (exact,) = of_file.figures.filter(recovery).iter_rows(named=True)
    (rounded,) = beside.national(release / "open_data").figures.filter(recovery).iter_rows(named=True)
    assert (rounded["numerator"], rounded["denominator"]) == (exact["numerator"], exact["denominator"])
    assert rounded["value"] == pytest.approx(exact["value"], abs=0.0005)  # a percentage with one decimal


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("public.national.csv", b"a,b\n1,2\n"),
        ("public.national.parquet", b"PAR1"),
        ("parity-public.duckdb", b"not a database"),
        ("parity_month_apr_2025_activity_performance.csv", b"a\n"),
        ("measures.csv", b""),
        ("public.national.csv", b"\xff\xfe"),
    ],
)
def test_another_file_is_refused_with_what_is_accepted(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    for path in (tmp_path / name, tmp_path / "absent"):
        with pytest.raises(NotRead, match=r"Accepted are parity-public\.duckdb"):
            beside.national(path)


def test_the_file_that_a_release_gives_a_service_is_read_as_its_earlier_months(tmp_path: Path) -> None:
    with opened(made_release(), INSIDE) as release:
        files = {page.provider: page for page in own_file.files(release)}
        theirs = list(release.rows("FROM v1.figure WHERE level = 'provider' AND organisation = 'RXX' AND "
                                   "period_type = 'month' AND state = 'value'"))  # fmt: skip
    assert set(files) == {"RXX", "RYY", "RZZ"}
    place = tmp_path / files["RXX"].address
    place.write_text(files["RXX"].text, encoding="utf-8")
    read = beside.own_file(place, "RXX")
    assert read.schema == pl.Schema(FIGURES)
    names = ["pathway", "measure", "numerator", "denominator", "value"]
    assert sorted(read.select(names).rows(), key=repr) == sorted(
        (tuple(row[name] for name in names) for row in theirs), key=repr
    )
    with pytest.raises(NotRead, match="of another service"):
        beside.own_file(place, "RYY")
    place.write_text("provider,month\nRXX,April\n", encoding="utf-8")
    with pytest.raises(NotRead, match="is not the file of a release"):
        beside.own_file(place, "RXX")


def test_what_a_preview_cannot_know_depends_on_what_it_was_given() -> None:
    always = list(cannot_know(previewed()))
    assert not any(word in " ".join(always) for word in ("--history", "--reference", "No extract"))
    assert any("Other services" in each for each in always) and any("follow-ups" in each for each in always)
    assert any("--reference" in each for each in cannot_know(previewed(has_reference=False)))
    (history, *_) = cannot_know(previewed(begun_before=4))
    assert history.startswith("4 of 10 referrals came before April 2025.") and "--history" in history
    gaps = Earlier(no_figures(), (date(2025, 1, 1), date(2025, 3, 1)), (), ("RV5_2025-01 is left out: why.",))
    (missing, *_, last) = cannot_know(previewed(begun_before=4, earlier=gaps))
    assert missing.startswith("No extract was given of February 2025.") and last == "RV5_2025-01 is left out: why."
    assert list(cannot_know(previewed(of=None))) == []
    assert headline(previewed(of=None)).startswith("There are no figures")


ORPHAN = """
import sys, threading, time
from pathlib import Path
from pipelines.worker import Worker, deleted_if_orphaned
worker = Worker(ready="pipelines.worker")
worker.run(deleted_if_orphaned, Path(sys.argv[1]))
print("ready", flush=True)
time.sleep(60)
"""


def test_the_folder_of_a_killed_preview_is_deleted_by_the_process_that_is_left(tmp_path: Path) -> None:
    """Those of a preview that ends are deleted by itself (``own_workspace``)."""
    folder = tmp_path / "made"
    (folder / "rows").mkdir(parents=True)
    (folder / "rows" / "IDS001.parquet").write_bytes(b"rows")
    command = [sys.executable, "-c", ORPHAN, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT, text=True) as asking:
        assert asking.stdout is not None and asking.stdout.readline() == "ready\n"
        assert folder.exists()
        os.kill(asking.pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while folder.exists() and time.monotonic() < until:
            time.sleep(0.02)
    assert not folder.exists()


def test_the_worked_example_of_the_guide_is_what_the_command_prints(
    tmp_path: Path, few: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the guide says: the example submission with one date as a spreadsheet writes it, as a zip.

    In this process, with the four measures that the guide shows.
    """
    monkeypatch.setattr(for_submissions, "run", lambda step, *given, size=None: step(*given))
    guide = (PROJECT / "docs" / "for-sites.md").read_text(encoding="utf-8")
    (block,) = (each for each in guide.split("```") if "parity preview RW5_2026-04.zip" in each)
    command, *expected = [line for line in block.strip().splitlines() if line]
    extract = tmp_path / "RW5_2026-04"
    shutil.copytree(PROJECT / "docs" / "dataset" / "example" / "RW5_2026-04", extract)
    referrals = extract / "IDS101Referral.csv"
    text = referrals.read_text(encoding="utf-8-sig")
    assert text.count("2026-04-20") == 1
    referrals.write_text(text.replace("2026-04-20", "20/04/2026"), encoding="utf-8")
    zipped(extract)
    shutil.rmtree(extract)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    for name in ("PARITY_HOME", "PARITY_KEY_FILE"):  # a site has neither a data root nor a key
        monkeypatch.delenv(name)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.chdir(tmp_path)
    assert command.startswith("parity ")
    status = _run(command.split()[1:])
    printed = " ".join(capsys.readouterr().out.split())
    assert status == 4  # records are rejected
    missing = [line for line in expected if line != "…" and " ".join(line.split()) not in printed]
    assert not missing, printed
    page, table = tmp_path / "out" / "preview.html", tmp_path / "out" / "preview.csv"
    assert "What the findings cost you" in page.read_text(encoding="utf-8")
    with table.open(encoding="utf-8-sig", newline="") as file:
        of_everybody = [row for row in csv.DictReader(file) if not row["breakdown"] and row["pathway"] == "all"]
    assert {row["numerator"] for row in of_everybody if row["measure"] == "ACCESS"} == {"4"}
    assert not list(temporary.rglob("*.*"))  # folders of a check stay, without a file


def test_what_is_no_file_of_a_release_is_said_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is read in another process, which tells of other errors only their class."""
    (tmp_path / "notes.csv").write_text("a\n")
    assert _run(["preview", str(submission(tmp_path)), "--national", str(tmp_path / "notes.csv")]) == 2
    assert "Accepted are parity-public.duckdb" in capsys.readouterr().err


def test_a_preview_that_reaches_a_limit_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARITY_SUBMISSION_MEMORY_MB", "1")
    assert _run(["preview", str(submission(tmp_path)), "--national", str(made_release())]) == 1
    said = capsys.readouterr().err
    assert (
        "The preview stopped: it took more than 1 MB of memory." in said and "PARITY_SUBMISSION_MEMORY_MB" in said
    )


def test_an_empty_history_is_said(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    with pytest.raises(NotAsked, match="empty"):
        preview(submission(tmp_path / "extract"), [tmp_path / "history"])
