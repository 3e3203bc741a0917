"""How ``make audit`` judges an answer: nothing known, something known, and nobody asked are three things."""

import pytest

from tests.audit import FOUND, NOT_ASKED, NOTHING_KNOWN, advice, differing

CLEAN = {"name": "polars", "version": "2.1.0", "vulns": []}
KNOWN = {
    "name": "jinja2",
    "version": "2.0",
    "vulns": [{"id": "GHSA-x", "fix_versions": ["3.1"]}, {"id": "Y", "fix_versions": []}],
}
UNANSWERED = {"name": "duckdb", "skip_reason": "Dependency not found on PyPI and could not be audited"}


@pytest.mark.parametrize(
    ("components", "status"),
    [
        ([CLEAN], NOTHING_KNOWN), ([CLEAN, KNOWN], FOUND), ([KNOWN, UNANSWERED], FOUND),
        ([CLEAN, UNANSWERED], NOT_ASKED), ([UNANSWERED], NOT_ASKED), ([], NOT_ASKED),
    ],
)  # fmt: skip
def test_who_gave_no_answer_was_not_asked(components: list[dict[str, object]], status: int) -> None:
    assert advice({"dependencies": components}).status == status


def test_a_known_vulnerability_is_named_with_the_version_that_mends_it() -> None:
    assert advice({"dependencies": [KNOWN]}).found == (
        "jinja2 2.0: GHSA-x, mended in 3.1", "jinja2 2.0: Y, mended in no version",
    )  # fmt: skip


def test_the_list_of_components_is_that_of_the_lock() -> None:
    lock = "polars==2.1.0 \\\n    --hash=sha256:0\nruamel-yaml==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:1\n"
    assert differing({"polars": "2.1.0", "ruamel.yaml": "1.0", "Polars": "2.1.0"}, lock) == []
    assert differing({"polars": "2.0.0", "other": "1"}, lock) == ["other 1", "polars 2.0.0"]
