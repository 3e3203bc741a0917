"""Dagster's three processes: the code server, the daemon and the web server, together or each by itself.

Belongs here: starting them, and how they find each other. Does not belong here: what the web server refuses
(``pipelines.webserver``), Dagster's home (``pipelines.dagster_home``).

The code server runs our code: it alone needs the data root and the key, and every run is a process below it. Daemon
and web server ask it, and keep what they know in Dagster's storage.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self

import yaml

from pipelines import durable
from pipelines.dagster_home import differs, opened
from pipelines.locks import alone
from pipelines.running import launch_from_here
from pipelines.zones import zones
from schemas.errors import ForThePerson, NotAsked

# The name under which Dagster files what it knows of our code. `workspace.yaml` gives the same, by its module.
LOCATION = "pipelines.definitions"
PARTS = ("code-server", "daemon", "webserver")
_ENV_DAGSTER_HOME = "DAGSTER_HOME"
# Importing everything takes 5 s, on a busy machine a minute.
_WAIT_SECONDS = 180
_ENDING_SECONDS = 30
_PR_SET_PDEATHSIG = 1


class NotServing(ForThePerson):
    """A process did not start, or ended by itself."""


class Place(NamedTuple):
    """Where a code server listens: a socket in a folder of this machine, or host and port."""

    socket: str | None
    host: str
    port: int | None

    @classmethod
    def of(cls, text: str) -> Self:
        """``unix:/path`` or ``host:port``. Raises NotAsked for anything else."""
        if text.startswith("unix:/"):
            return cls(text.removeprefix("unix:"), "localhost", None)
        return cls(None, *host_and_port(text, "--code-server"))

    def options(self) -> list[str]:
        """The same as options of Dagster's commands."""
        return ["--socket", self.socket] if self.socket else ["--host", self.host, "--port", str(self.port)]

    def workspace(self) -> dict[str, object]:
        """The same as an entry of ``workspace.yaml``."""
        at = {"socket": self.socket} if self.socket else {"host": self.host, "port": self.port}
        return {"grpc_server": {**at, "location_name": LOCATION}}


def host_and_port(text: str, option: str) -> tuple[str, int]:
    """The parts of ``host:port``. Raises NotAsked, naming ``option``."""
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise NotAsked(f"{option} {text!r} is not host:port, such as 127.0.0.1:3000.")
    return host, int(port)


def code_server(place: Place) -> None:
    """Become the code server: this process is replaced by Dagster's."""
    found = zones()
    opened(found.dagster).dispose()
    os.environ["PARITY_HOME"] = str(found.home)
    command = ["api", "grpc", "--module-name", LOCATION, "--location-name", LOCATION, "--empty-working-directory"]
    _become("dagster", *command, *place.options())


def daemon(place: Place) -> None:
    """Become the daemon, once the code server answers: this process is replaced by Dagster's."""
    home = _home()
    opened(home).dispose()
    launch_from_here(home)
    for line in differs(home):
        sys.stderr.write(f"parity: {line}\n")
    _wait_for(place)
    # It reads a file. The web server is told the same directly.
    workspace = home / "workspace.yaml"
    with alone(home):
        durable.write(workspace, yaml.safe_dump({"load_from": [place.workspace()]}))
    _become("dagster._daemon", "run", "--workspace", str(workspace))


def webserver(place: Place, listen: tuple[str, int], names: Collection[str]) -> None:
    """Serve the UI, once the code server answers, until the process is told to end."""
    from dagster._core.workspace.load_target import GrpcServerTarget

    from pipelines.webserver import serve

    _wait_for(place)
    code = GrpcServerTarget(host=place.host, port=place.port, socket=place.socket, location_name=LOCATION)
    serve(_home(), code, listen, names)


def everything(listen: str, names: Collection[str]) -> None:
    """All three on this machine, until this process is told to end. If one ends by itself, so do the others.

    Raises NotServing then.
    """
    found = zones()
    opened(found.dagster).dispose()
    os.environ |= {"PARITY_HOME": str(found.home), _ENV_DAGSTER_HOME: str(found.dagster)}
    said = [option for name in names for option in ("--name", name)]
    # A socket's path has at most 107 bytes, and this folder is closed to other users.
    with TemporaryDirectory(prefix="parity-") as folder, _ended_together() as running:
        at = ["--code-server", f"unix:{folder}/code"]
        for part, more in zip(PARTS, ([], [], ["--listen", listen, *said]), strict=True):
            command = [sys.executable, "-m", "pipelines", "serve", part, *at, *more]
            running[part] = subprocess.Popen(command, preexec_fn=_end_with_parent)
        with suppress(KeyboardInterrupt):
            _watch(running)


def _watch(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Look after the processes for as long as all of them run. Raises NotServing if one ended."""
    while True:
        for part, process in running.items():
            if (status := process.poll()) is not None:
                raise NotServing(f"The {part} ended with status {status}, so everything was ended.")
        time.sleep(0.5)


def _end_with_parent() -> None:
    """Let Linux tell this process to end when its parent is gone, however that ended."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def _ended_together() -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Processes that end with this one: told to when it is, and killed if they do not."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    before = signal.signal(signal.SIGTERM, _interrupted)
    try:
        yield running
    finally:
        signal.signal(signal.SIGTERM, before)
        for process in running.values():
            process.terminate()
        until = time.monotonic() + _ENDING_SECONDS
        for process in running.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def _home() -> Path:
    """Dagster's home: ``DAGSTER_HOME`` for processes without a data root, else that of the data root."""
    if said := os.environ.get(_ENV_DAGSTER_HOME):
        os.umask(0o077)
        Path(said).mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(said).resolve()
    return zones().dagster


def _wait_for(place: Place) -> None:
    """Wait until the code server answers. Raises NotServing after three minutes."""
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient

    client = DagsterGrpcClient(port=place.port, socket=place.socket, host=place.host)
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            client.ping("")
        except DagsterUserCodeUnreachableError:
            if time.monotonic() > until:
                raise NotServing(
                    f"The code server does not answer at {place.socket or f'{place.host}:{place.port}'}. Start it: "
                    "parity serve code-server."
                ) from None
            time.sleep(0.5)
        else:
            return


def _become(module: str, *arguments: str) -> None:
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606  no shell
