"""Dagster's launcher of runs, with an answer to whether the process of a run lives.

Belongs here: this one class, which ``dagster.yaml`` names. Does not belong here: how that is known
(``pipelines.running``).
"""

from dagster import DagsterRun
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

from pipelines import running


class Launcher(DefaultRunLauncher):
    """Launches runs as Dagster does by default. The daemon's run monitoring asks it for each started run."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """True: Dagster's default launcher knows nothing of a run that it launched before it was started itself."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Running, or not found if no process works on the run."""
        if running.is_at_work(self._instance, run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its process is gone")
