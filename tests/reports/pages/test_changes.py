"""What a service page says of the changes since the last release: every kind, one month and many."""

import json
from pathlib import Path

import pytest

from reports.pages.changes import of_release

SEVERAL = ["2025-04", "2025-05", "2025-06", "2025-07"]


def written(folder: Path, *changed: tuple[str, str, str], predecessor: str | None = "2025-04-1a2b3c4d") -> Path:
    submissions = [{"provider": provider, "month": month, "change": change} for provider, month, change in changed]
    said = {"predecessor": predecessor, "submissions": submissions}
    (folder / "public.changes.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("change", "one", "many"),
    [
        ("new month", "April 2025 is new.", "April 2025 to July 2025 are new."),
        ("late data", "April 2025 was missing from the last release and is in this one.",
         "April 2025 to July 2025 were missing from the last release and are in this one."),
        ("resubmission", "The service sent April 2025 again. Its figures may differ from those shown before.",
         "The service sent April 2025 to July 2025 again. Their figures may differ from those shown before."),
        ("resubmission and processed again", "The service sent April 2025 again. Its figures may differ from those shown before.",
         "The service sent April 2025 to July 2025 again. Their figures may differ from those shown before."),
        ("withdrawal", "April 2025 was withdrawn and is missing now.",
         "April 2025 to July 2025 were withdrawn and are missing now."),
        ("processed again", "The records of April 2025 were checked again. Its figures may differ from those shown before.",
         "The records of April 2025 to July 2025 were checked again. Their figures may differ from those shown before."),
    ],
)  # fmt: skip
def test_every_kind_of_change_is_a_sentence(tmp_path: Path, change: str, one: str, many: str) -> None:
    (tmp_path / "one").mkdir(), (tmp_path / "many").mkdir()
    assert of_release(written(tmp_path / "one", ("RW5", "2025-04", change))) == {"RW5": [one]}
    found = of_release(written(tmp_path / "many", *(("RW5", month, change) for month in SEVERAL)))
    assert found == {"RW5": [many]}


def test_months_apart_are_named_and_services_are_kept_apart(tmp_path: Path) -> None:
    months = ("2025-04", "2025-06", "2025-08", "2025-10")
    found = of_release(
        written(tmp_path, *(("RW5", month, "new month") for month in months), ("RV5", "2025-05", "new month"))
    )
    assert found == {
        "RW5": ["April 2025, June 2025, August 2025 and other months are new."],
        "RV5": ["May 2025 is new."],
    }


def test_the_first_release_and_one_that_says_nothing_have_none_before(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir(), (tmp_path / "older").mkdir()
    assert of_release(written(tmp_path / "first", predecessor=None)) is None
    assert of_release(tmp_path / "older") is None
