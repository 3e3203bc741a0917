"""Pages on disk: with the release, beside a site's reports, and for a release that was published without."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.cli import _run as run
from pipelines.commands.app import CLEAN, USAGE
from pipelines.pages import first_page, write
from pipelines.zones import Zones
from reports.pages.release import INSIDE, PUBLIC, opened
from schemas.errors import NotAsked
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import RIGHT
from warehouse.storage import sha256_of

REFERRALS = RIGHT["IDS101Referral"] + "".join(
    f"S{n},P{n % 3 + 1},QE1,2025-04-{n % 28 + 1:02},B1,,,,\n" for n in range(40)
)


@pytest.fixture
def published(tmp_path: Path, home: Path, few_measures: None) -> Zones:
    return loaded_and_published(tmp_path, IDS101Referral=REFERRALS)


def release_of(found: Zones) -> Path:
    return next(path for path in found.releases.iterdir() if not path.name.startswith("."))


def manifest(folder: Path) -> dict[str, dict[str, object]]:
    files: dict[str, dict[str, object]] = json.loads((folder / "manifest.json").read_text())["files"]
    return files


def without_pages(folder: Path) -> None:
    """Make a release one that was published without pages."""
    said = json.loads((folder / "manifest.json").read_text())
    said["files"] = {name: of for name, of in said["files"].items() if not name.startswith("pages/")}
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(json.dumps(said))
    shutil.rmtree(folder / "pages")


def test_a_release_is_published_with_its_pages(published: Zones) -> None:
    folder = release_of(published)
    page = folder / "pages/service/RW5.html"
    assert manifest(folder)["pages/service/RW5.html"]["sha256"] == sha256_of(page)
    assert page.stat().st_mode & 0o777 == 0o444
    assert "Fewer than 5 people" in page.read_text()  # three people, in 43 referrals
    assert first_page(published).is_file()


def test_the_public_edition_cannot_read_what_is_exact(published: Zones) -> None:
    with opened(release_of(published), PUBLIC) as release, pytest.raises(duckdb.Error):
        list(release.rows("FROM mart.national"))
    with opened(release_of(published), INSIDE) as release:
        assert next(release.rows("SELECT count(*) AS n FROM mart.national"))["n"] > 0


def test_a_service_gets_its_own_page_with_its_exact_figures_and_a_digest(published: Zones) -> None:
    written = write(published, None, public=False, inside=True)
    own = published.site_reports / "RW5"
    assert written.inside_files
    assert not written.public
    assert sorted(path.name for path in own.iterdir() if path.is_file()) == [
        "digest.txt",
        "figures.csv",
        "service.html",
    ]
    assert "The centre's board" in (published.centre / "board.html").read_text(encoding="utf-8")
    assert ">43</data> referrals" in (own / "service.html").read_text()
    assert (own / "digest.txt").read_text().startswith("RW5, April 2025\n\n")
    assert not list(release_of(published).rglob("digest.txt"))


def test_a_release_without_pages_gets_them_once_and_nothing_else_of_it_changes(published: Zones) -> None:
    folder = release_of(published)
    expected, pages = manifest(folder), {p.name: p.read_bytes() for p in (folder / "pages").rglob("*.html")}
    without_pages(folder)
    with pytest.raises(NotAsked, match="has no pages yet"):
        first_page(published)
    assert write(published, folder.name, public=True, inside=False).is_new
    assert manifest(folder) == expected
    assert {p.name: p.read_bytes() for p in (folder / "pages").rglob("*.html")} == pages
    assert not write(published, None, public=True, inside=False).is_new
    assert [path.name for path in published.releases.iterdir()] == [folder.name]


def test_pages_left_by_a_process_that_was_killed_are_written_again(published: Zones) -> None:
    folder = release_of(published)
    expected = manifest(folder)
    half = folder / "pages"
    without_pages(folder)
    half.mkdir()
    (half / "half.html").write_text("half")
    assert write(published, None, public=True, inside=False).is_new
    assert manifest(folder) == expected
    assert not (half / "half.html").exists()


def test_the_commands_say_what_they_wrote_and_what_cannot_be_asked(
    published: Zones, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["pages"]) == CLEAN
    out = capfd.readouterr().out
    assert "were there already" in out
    assert "Open first: " in out
    assert run(["pages", "--inside", "--json"]) == CLEAN
    assert json.loads(capfd.readouterr().out)["inside_files"]
    assert run(["pages", "--public", "--inside"]) == USAGE
    assert run(["pages", "--release", "2025-04-00000000"]) == USAGE
    assert "no release of that name" in capfd.readouterr().err
