"""What lies in `deploy/`: files that are read as their programs read them, and commands that are run as they stand.

One machine's folder of files and a PostgreSQL server, three processes, runs through the queue. What cannot be run here,
such as a container, is said in `deploy/README.md`.
"""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml
from dagster import DagsterRunStatus

from pipelines.dagster_home import instance
from pipelines.serving import LOCATION, PARTS, Place
from pipelines.telling import channels
from pipelines.telling.look import ENV_AGAIN
from pipelines.zones import PROJECT, zones
from schemas.errors import NotAsked
from tests.campaign import is_whole
from tests.fixtures.postgresql import own_database
from tests.fixtures.serving import RUNS, free_port, graphql, launch, serving, until
from tests.fixtures.submission import submission
from tests.pipelines.test_running import RUNS as A_RUN

DEPLOY = PROJECT / "deploy"
UNITS = {part: DEPLOY / "systemd" / f"parity-{part}.service" for part in (*PARTS, "tell")}
TIMER = DEPLOY / "systemd" / "parity-tell.timer"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
README = (DEPLOY / "README.md").read_text("utf-8")
HELM = yaml.safe_load((DEPLOY / "helm-values.yaml").read_text("utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")


def of_unit(part: str) -> dict[str, str]:
    """The settings of [Service]; of one that is given several times, the last."""
    return settings_of(UNITS[part])["Service"]


def settings_of(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as its manual says
    parser.read(path)
    return {name: dict(parser[name]) for name in parser.sections()}


def commands() -> dict[str, list[str]]:
    """The command of each process, as its unit has it, after the program."""
    return {part: shlex.split(of_unit(part)["ExecStart"])[1:] for part in PARTS}


def parity() -> str:
    return str(Path(sys.executable).with_name("parity"))


def test_units_compose_file_and_documentation_have_the_same_commands() -> None:
    in_units = commands()
    for part, command in in_units.items():
        assert command[:4] == ["serve", part, "--code-server", "unix:/run/parity/code"]
        in_container = COMPOSE["services"][part]["command"]
        assert in_container[0] == "parity"
        # In a container the web server listens to the network of the containers, and only there.
        assert [word.replace("0.0.0.0", "127.0.0.1") for word in in_container[1:]] == command
    assert COMPOSE["services"]["webserver"]["ports"] == ["127.0.0.1:3000:3000"]
    centre = (PROJECT / "docs" / "for-the-centre.md").read_text("utf-8")
    assert all(f"parity {shlex.join(command[:4])}" in centre for command in in_units.values())


def test_no_process_but_the_code_server_sees_data_or_key_and_none_is_root() -> None:
    for part in PARTS:
        unit, service = of_unit(part), COMPOSE["services"][part]
        assert unit["User"] == "parity"
        assert service["user"] == "10001:10001" and service["read_only"] and service["cap_drop"] == ["ALL"]
        mounted = [volume.split(":")[1] for volume in service["volumes"]]
        sees = part == "code-server"
        assert ("/data" in mounted, "/key" in mounted) == (sees, sees)
        assert "/data/dagster" in mounted
        assert ("PARITY_KEY_FILE" in unit.get("Environment", "")) is sees
        assert (unit.get("TemporaryFileSystem") == "/var/lib/parity:ro") is not sees
        assert (unit.get("InaccessiblePaths") == "-/etc/parity/private") is not sees
    key = next(volume for volume in COMPOSE["services"]["code-server"]["volumes"] if ":/key" in volume)
    assert key.endswith(":ro")
    assert "\nUSER 10001:10001\n" in DOCKERFILE and "ENTRYPOINT" not in DOCKERFILE
    pods = [HELM["dagsterDaemon"], HELM["dagsterWebserver"], *HELM["dagster-user-deployments"]["deployments"]]
    for pod in pods:
        assert pod["podSecurityContext"]["runAsNonRoot"] and pod["securityContext"]["readOnlyRootFilesystem"]
        assert ("/data" in [each["mountPath"] for each in pod["volumeMounts"]]) is (pod is pods[2])


def test_people_are_told_once_a_day_outside_dagster_with_the_settings_of_the_code_server() -> None:
    unit, server = of_unit("tell"), of_unit("code-server")
    assert [unit.pop("Type"), *shlex.split(unit.pop("ExecStart"))[1:]] == ["oneshot", "tell"]
    # All that encloses the code server encloses this, but what is there for a process that stays.
    stays = {"ExecStart", "Restart", "RestartSec", "TimeoutStopSec", "StateDirectory", "StateDirectoryMode"}
    stays |= {"RuntimeDirectory", "RuntimeDirectoryMode", "RuntimeDirectoryPreserve"}
    assert unit == {name: value for name, value in server.items() if name not in stays}
    timer = settings_of(TIMER)
    assert timer["Timer"] == {"OnCalendar": "*-*-* 08:00:00 Europe/London", "Persistent": "yes"}
    assert timer["Install"] == {"WantedBy": "timers.target"}
    assert "systemctl enable --now parity-code-server parity-daemon parity-webserver parity-tell.timer\n" in README


def test_the_settings_of_the_units_name_every_channel_and_set_none() -> None:
    names = {value for name, value in vars(channels).items() if name.startswith("ENV_")} | {ENV_AGAIN}
    env = (DEPLOY / "systemd" / "parity.env").read_text("utf-8")
    assert set(re.findall(r"^#(PARITY_TELL_\w+)=", env, re.M)) == names
    assert not re.search(r"^PARITY_TELL_", env, re.M)


def test_no_file_has_a_password_or_an_address_that_is_not_an_example() -> None:
    for path in DEPLOY.rglob("*"):
        text = path.read_text("utf-8") if path.is_file() else ""
        assert not re.search(r"(?i)password\s*[:=]\s*['\"]?[a-z0-9]", text), path
        assert not re.search(r"://[^@/\s\"]*:[^@/\s\"]*@", text), path
        assert all(
            host == "database" or host.endswith(".example.nhs.uk") or not host
            for host in re.findall(r"postgresql://[^@\s]*@([^/\s\"]*)/", text)
        ), path


def test_values_for_the_chart_name_our_definitions_and_what_parity_needs_of_dagster() -> None:
    (deployment,) = HELM["dagster-user-deployments"]["deployments"]
    args = deployment["dagsterApiGrpcArgs"]
    assert args[:4] == ["--module-name", LOCATION, "--location-name", LOCATION]
    ours = yaml.safe_load((PROJECT / "pipelines" / "dagster.yaml").read_text("utf-8"))
    assert HELM["additionalInstanceConfig"]["concurrency"] == ours["concurrency"]
    assert HELM["telemetry"] == ours["telemetry"] and HELM["additionalInstanceConfig"]["nux"] == ours["nux"]
    assert HELM["computeLogManager"]["type"] == ours["compute_logs"]["class"]
    assert HELM["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"
    lock = (PROJECT / "requirements.lock").read_text("utf-8")
    (version,) = re.findall(r"^dagster==(\S+)", lock, re.M)
    assert f"--version {version} " in (DEPLOY / "helm-values.yaml").read_text("utf-8")


def test_each_process_is_asked_for_its_health_in_the_same_way_everywhere() -> None:
    asked = {part: COMPOSE["services"][part]["healthcheck"]["test"][1:] for part in PARTS}
    pods = {"daemon": HELM["dagsterDaemon"], "webserver": HELM["dagsterWebserver"]}
    (pods["code-server"],) = HELM["dagster-user-deployments"]["deployments"]
    for part, pod in pods.items():
        assert all(pod[probe]["periodSeconds"] for probe in ("livenessProbe", "startupProbe")), part
    # The chart itself asks the code server by the command that the compose file has.
    assert asked["code-server"][:3] == ["dagster", "api", "grpc-health-check"]
    assert not any("exec" in pods["code-server"][probe] for probe in ("livenessProbe", "startupProbe"))
    daemon = pods["daemon"]
    assert daemon["livenessProbe"]["exec"] == daemon["startupProbe"]["exec"] == {"command": asked["daemon"]}
    web = pods["webserver"]["livenessProbe"]["httpGet"]
    assert web["path"] in asked["webserver"][-1] and "//localhost:3000/" in asked["webserver"][-1]
    assert web["httpHeaders"] == [{"name": "Host", "value": "localhost"}]


def test_a_new_pod_ends_the_runs_of_the_one_before(home: Path) -> None:
    program = [sys.executable, "-c", A_RUN, str(home)]
    (deployment,) = HELM["dagster-user-deployments"]["deployments"]
    ends = next(each for each in deployment["initContainers"] if each["name"] == "end-dead-runs")
    assert (ends["env"], ends["volumeMounts"]) == (deployment["env"], deployment["volumeMounts"])
    with instance(zones(home)) as dagster:
        with subprocess.Popen(program, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as at_work:
            assert at_work.stdout is not None
            run_id = at_work.stdout.readline().decode().strip()
            at_work.kill()
        of_pod = {**os.environ, "PARITY_HOME": str(home)}
        subprocess.run([sys.executable, *ends["command"][1:]], env=of_pod, cwd=PROJECT, check=True)
        run = dagster.get_run_by_id(run_id)
        assert run is not None and run.status is DagsterRunStatus.FAILURE


def test_the_image_has_what_the_lock_file_says_and_no_tool_of_developers() -> None:
    def pinned(path: Path) -> dict[str, set[str]]:
        blocks = re.split(r"\n(?=[a-z0-9])", path.read_text("utf-8"))
        return {block.split()[0]: set(re.findall(r"--hash=(\S+)", block)) for block in blocks if "==" in block}

    whole, image = pinned(PROJECT / "requirements.lock"), pinned(DEPLOY / "requirements.lock")
    assert len(image) > 60
    assert {name: whole[name] for name in image} == image
    names = {name.partition("==")[0] for name in image}
    assert {"dagster-postgres", "psycopg", "python-pkcs11", "dagster-webserver"} <= names
    assert not names & {"pytest", "mypy", "ruff", "hypothesis", "pre-commit"}


def test_the_image_is_built_from_rooms_alone() -> None:
    """Neither a data root nor a key that lies in the folder goes to the builder."""
    rooms = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    taken = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert taken == rooms | {"deploy/requirements.lock", "pyproject.toml", "README.md", "LICENSE", "NOTICE.md"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_units_and_little_exposed(tmp_path: Path) -> None:
    for unit in (*UNITS.values(), TIMER):
        own = unit.read_text("utf-8").replace("/opt/parity/bin/parity", parity())
        (tmp_path / unit.name).write_text(own, encoding="utf-8")
    files = [str(tmp_path / unit.name) for unit in UNITS.values()]
    verify = ["systemd-analyze", "verify", "--man=no", *files, str(tmp_path / TIMER.name)]
    verified = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    security = ["systemd-analyze", "security", "--offline=true", "--threshold=20"]  # 2.0 of 10, «OK»
    for file in files:
        found = subprocess.run([*security, file], capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout[-300:] + found.stderr


@pytest.mark.parametrize("text", ["", "code", "unix:relative", "host:", ":4000", "host:0", "host:65536", "host:４"])
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(NotAsked, match=r"is not host:port"):
        Place.of(text)


FAILED = """query($id: ID!) { runOrError(runId: $id) { ... on Run { eventConnection(limit: 1000) { events { __typename
  ... on ExecutionStepFailureEvent { message error { message cause { message } } }
  ... on RunFailureEvent { message error { message cause { message } } } } } } } }"""
HEALTH = "{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"


def elsewhere(command: list[str], run: Path, port: int) -> list[str]:
    """The command with our program, another folder for its socket, and another port."""
    replaced = (word.replace("/run/parity", str(run)).replace(":3000", f":{port}") for word in command)
    return [parity(), *replaced]


def is_healthy(part: str, env: Mapping[str, str], run: Path, port: int) -> bool:
    """Whether the health check of the compose file says so, with our program and another place."""
    program, *words = COMPOSE["services"][part]["healthcheck"]["test"][1:]
    placed = [word.replace("/run/parity", str(run)).replace(":3000", f":{port}") for word in words]
    own = sys.executable if program == "python" else str(Path(sys.executable).with_name(program))
    return subprocess.run([own, *placed], env=dict(env), cwd=run, capture_output=True, check=False).returncode == 0


def settings(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    return kept | {"POLARS_MAX_THREADS": "1"} | more


def why(port: int, runs: list[dict[str, Any]]) -> list[str]:
    """What Dagster says of the failures of these runs."""
    events = [
        event
        for run in runs
        for event in graphql(port, FAILED, id=run["runId"])["runOrError"]["eventConnection"]["events"]
    ]
    return [
        f"{event['__typename']}: {event['message']} {event['error'] or ''}" for event in events if "error" in event
    ]


def status_of(port: int, headers: Mapping[str, str], path: str = "/server_info") -> int:
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=dict(headers))) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code


@pytest.mark.skipif(not is_whole(), reason="three processes, half a minute: make campaign")
def test_the_health_checks_say_which_of_the_processes_run(tmp_path: Path) -> None:
    root, port, key = tmp_path / "var", free_port(), tmp_path / "key" / "pseudonym.key"
    tmp_path.chmod(0o700)
    asking = settings(DAGSTER_HOME=str(root / "dagster"))
    of = dict.fromkeys(PARTS, asking) | {"code-server": settings(PARITY_HOME=str(root), PARITY_KEY_FILE=str(key))}
    started = [(elsewhere(command, tmp_path, port), of[part]) for part, command in commands().items()]

    def healthy() -> set[str]:
        return {part for part in PARTS if is_healthy(part, asking, tmp_path, port)}

    assert healthy() == set()
    with serving(started, port, tmp_path):
        until(lambda: healthy() == set(PARTS), lambda: True, tmp_path / "serving.log")
    assert healthy() == {"daemon"}, "its last word holds for half an hour"


@pytest.mark.skipif(not is_whole(), reason="three processes and two publications, a minute: make campaign")
@pytest.mark.parametrize("storage", ["files", "postgresql"])
def test_three_processes_work_through_the_queue(
    tmp_path: Path, storage: str, request: pytest.FixtureRequest
) -> None:
    """The commands of the units, with other folders. Two publications are asked for at once: one waits for the other."""
    run, root, away = tmp_path / "run", tmp_path / "var", tmp_path / "away"
    for folder in (run, away):
        folder.mkdir(mode=0o700)
    port = free_port()
    more = {"PARITY_HOME": str(root), "PARITY_KEY_FILE": str(tmp_path / "key" / "pseudonym.key")}
    if storage == "postgresql":
        pytest.importorskip("dagster_postgres")
        more["PARITY_DATABASE"] = own_database(request.getfixturevalue("postgresql"))
    env = settings(**more)
    loaded = subprocess.run([parity(), "load", str(submission(tmp_path / "in"))], env=env, cwd=away, check=False)
    assert loaded.returncode == 0
    # Daemon and web server have Dagster's folder alone, and no key.
    asking = {name: value for name, value in env.items() if name not in ("PARITY_HOME", "PARITY_KEY_FILE")}
    asking["DAGSTER_HOME"] = str(root / "dagster")
    code, daemon, web = (elsewhere(commands()[part], run, port) for part in PARTS)
    with serving([(code, env), (daemon, asking), (web, asking)], port, away):
        assert status_of(port, {"Host": "parity.example.nhs.uk"}) == 200
        assert status_of(port, {"Host": "evil.example"}) == 403
        # The image has this under the name of Dagster's own command, for the chart.
        by_name = "from pipelines.webserver import as_dagsters; as_dagsters()"
        workspace, other = str(root / "dagster" / "workspace.yaml"), free_port()
        chart = [
            sys.executable,
            "-c",
            by_name,
            "--host",
            "127.0.0.1",
            "--port",
            str(other),
            "--workspace",
            workspace,
        ]
        with serving([(chart, asking | {"PARITY_UI_NAMES": "parity.example, other.example"})], other, away):
            asked = ("parity.example", "other.example:80", "localhost", "evil.example", "")
            assert [status_of(other, {"Host": host}) for host in asked] == [200, 200, 200, 403, 403]
        for _ in range(2):
            launch(port, "publish_warehouse")

        def ended() -> list[dict[str, Any]]:
            found = [
                each
                for each in graphql(port, RUNS)["runsOrError"]["results"]
                if each["jobName"] == "publish_warehouse"
            ]
            assert len(found) == 2
            assert sum(each["status"] in ("STARTING", "STARTED") for each in found) <= 1, found
            return found if all(each["status"] in ("SUCCESS", "FAILURE", "CANCELED") for each in found) else []

        found = until(ended, lambda: True, away / "serving.log")
        assert [each["status"] for each in found] == ["SUCCESS", "SUCCESS"], why(port, found)
        first, second = sorted(found, key=lambda each: each["startTime"])
        assert second["startTime"] >= first["endTime"]
        daemons = graphql(port, HEALTH)["instance"]["daemonHealth"]["allDaemonStatuses"]
        assert daemons and all(each["healthy"] for each in daemons if each["required"]), daemons
    assert len(list((root / "releases").glob("*/manifest.json"))) == 1
    files = [path.name for path in (root / "dagster").rglob("*.db")]
    assert (files == []) is (storage == "postgresql")
