"""The rooms: who may import whom, and what a command may not drag in."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.zones import PROJECT
from tests.fixtures.submission import submission


def test_no_import_runs_down_the_list_or_across_the_wings_and_only_pipelines_imports_dagster() -> None:
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

    assert lint_imports(config_filename=str(PROJECT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize(
    "module", ["pipelines.cli", "pipelines.load", "pipelines.board", "pipelines.ask", "pipelines.show"]
)
def test_a_site_and_an_analyst_never_meet_dagster(module: str) -> None:
    probe = f"import sys, {module}; sys.exit('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], cwd=PROJECT, check=False).returncode == 0


def test_the_command_line_starts_without_any_engine() -> None:
    probe = (
        "import sys, pipelines.cli; sys.exit(bool({'polars', 'duckdb', 'dagster', 'pandera'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", probe], cwd=PROJECT, check=False).returncode == 0


def test_a_check_of_a_small_extract_imports_no_engine_but_polars(tmp_path: Path) -> None:
    """Importing pandera takes as long as the check itself, numpy a third of that, and DuckDB a sixth."""
    folder = submission(tmp_path)
    probe = f"import sys; from pathlib import Path; from pipelines.load import check_path; check_path(Path({str(folder)!r}))"
    probe += "; sys.exit(bool({'pandera', 'numpy', 'duckdb'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", probe], cwd=PROJECT, check=False, capture_output=True).returncode == 0
    )


def test_dagster_has_one_target_and_the_lock_names_no_index() -> None:
    import tomllib

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    assert "dagster" not in project["tool"]  # it would win over workspace.yaml in silence
    assert "pipelines.definitions" in (PROJECT / "workspace.yaml").read_text()
    lock = (PROJECT / "requirements.lock").read_text()
    assert "--hash=sha256:" in lock
    assert "://" not in lock
