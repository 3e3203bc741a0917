"""A connection to the server of the ledger that is cut at any message of a load, before or after the server has it.

After the cut the person is told, nothing half is recorded, and the same command ends as one that was left alone.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pipelines.database import Server, Unreachable
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.ledger.postgresql import PostgresqlDatabase
from pipelines.load import load
from pipelines.zones import Zones, zones
from tests.campaign import is_whole
from tests.fixtures.postgresql import own_schema
from tests.fixtures.submission import submission

_SOCKET = ".s.PGSQL.5432"


@dataclass
class Line:
    """What lies between a client and a server. It is cut at the message ``at`` of the client, counted from 1."""

    folder: Path
    server: Path
    at: int = 0
    is_heard: bool = False
    """Whether the server still has the message at which it is cut; the answer is lost in any case."""
    seen: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    def begin(self) -> None:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(self.folder / _SOCKET))
        listening.listen()
        self._open.append(listening)
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def cut_at(self, at: int, *, is_heard: bool) -> None:
        self.at, self.is_heard, self.seen = at, is_heard, 0

    def end(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self.server / _SOCKET))
                self._open += [client, server]
                threading.Thread(target=self._forward, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._forward, args=(server, client, False), daemon=True).start()

    def _forward(self, from_: socket.socket, to: socket.socket, is_client: bool) -> None:
        with suppress(OSError):
            while message := from_.recv(1 << 20):
                self.seen += is_client
                if is_client and self.seen == self.at:
                    from_.shutdown(socket.SHUT_RDWR)
                    if self.is_heard:
                        to.sendall(message)
                    break
                to.sendall(message)
        with suppress(OSError):
            to.shutdown(socket.SHUT_WR)


@pytest.fixture
def line(postgresql: str) -> Iterator[Line]:
    with TemporaryDirectory(prefix="parity-line-") as folder:
        made = Line(Path(folder), Path(postgresql.partition("host=")[2].partition("&")[0]))
        made.begin()
        yield made
        made.end()


class Loads:
    """Data roots, each with an empty ledger behind the line."""

    def __init__(self, folder: Path, line: Line, server: str, environment: pytest.MonkeyPatch) -> None:
        self.folder, self.line, self.server, self.environment = folder, line, server, environment
        self.path = submission(folder / "in")

    def root(self, name: str) -> Zones:
        """A new root."""
        home = self.folder / name
        home.mkdir(mode=0o700)
        self.environment.setenv("PARITY_HOME", str(home))
        through = own_schema(self.server).replace(str(self.line.server), str(self.line.folder))
        self.environment.setenv("PARITY_LEDGER", through)
        return zones()

    def ended(self, found: Zones) -> str | None:
        """How a load ends: with the sentence for the person, or none."""
        try:
            load(self.path, found, open_ledger(found.ledger), spine_key())
        except Unreachable as unreachable:
            return str(unreachable)
        return None


def said(found: Zones) -> list[tuple[str, State]]:
    """What the ledger says, whole and unbroken, without attempts that failed. The same outcome may be recorded again
    when the answer was lost.
    """
    ledger = open_ledger(found.ledger)
    ledger.verify({}, in_full=True)
    of = [(one.receipt.submission_id, one.state) for one in ledger.events() if one.state is not State.FAILED]
    return list(dict.fromkeys(each for each in of if not each[0].startswith("attempt-")))


def test_a_load_whose_connection_is_cut_is_said_and_ends_as_one_left_alone(
    line: Line, postgresql: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = Loads(tmp_path, line, postgresql, monkeypatch)
    alone = loads.root("alone")
    line.cut_at(0, is_heard=False)
    assert loads.ended(alone) is None
    messages, right = line.seen, said(alone)
    assert messages > 50 and [state for _, state in right] == [State.RECEIVED, State.ACCEPTED]
    cuts = [(at, is_heard) for at in range(1, messages + 1) for is_heard in (False, True)]
    ended = []
    for at, is_heard in cuts if is_whole() else cuts[41::30]:
        found = loads.root(f"{at} {is_heard}")
        line.cut_at(at, is_heard=is_heard)
        ended.append(loads.ended(found))
        line.cut_at(0, is_heard=False)
        assert loads.ended(found) is None, (at, is_heard)
        assert said(found) == right, (at, is_heard)
    assert any(each and "broke off in the middle of a step" in each for each in ended)


def test_a_writer_that_falls_silent_keeps_nobody_waiting(
    postgresql: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.ledger.postgresql._SILENT_SECONDS", 1)
    server = Server(own_schema(postgresql), "PARITY_LEDGER")
    monkeypatch.setenv("PARITY_LEDGER", server.url)
    ledger, silent = open_ledger(zones().ledger), PostgresqlDatabase(server).writing()
    silent.__enter__()
    assert ledger.receive("0" * 64, 1, None).is_new
    with pytest.raises(Unreachable, match="IdleInTransactionSessionTimeout"):
        silent.__exit__(None, None, None)


def test_a_network_that_goes_away_is_noticed(postgresql: str) -> None:
    with Server(postgresql, "PARITY_LEDGER").connect() as connection:
        said = connection.info.get_parameters()
    assert (said["keepalives_idle"], said["tcp_user_timeout"]) == ("30", "60000")
    with Server(f"{postgresql}&keepalives_idle=5", "PARITY_LEDGER").connect() as connection:
        assert connection.info.get_parameters()["keepalives_idle"] == "5"
