"""Dagster's UI, for requests that name this machine and come from no other site.

Belongs here: what is refused before Dagster sees it, and starting its web server behind that. Does not belong here:
the other processes (``pipelines.serving``).

Dagster answers whatever name a request gives for its host, and starts runs by GET requests too. A page on another
site could read the UI through a name that it lets point here (DNS rebinding), or start a run by an image's address.
The UI has no log-in: who may reach it is for the network, or a proxy before it, to say.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceLoadTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.dagster_home import opened

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})
# As Dagster's own command has them: milliseconds of a statement, seconds of a connection, connections at once.
_STATEMENT_MS, _CONNECTION_SECONDS, _CONNECTIONS = 15_000, 3_600, 20


class OwnRequests:
    """Passes on what is asked by a name of this server and by its own pages; refuses the rest with 403.

    Links on other sites lead to the UI, but nothing there can ask it a question.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app, self._names = app, THIS_MACHINE | {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        why = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if why is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await PlainTextResponse(why, status_code=403)(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        headers = {name.decode("latin-1"): value.decode("latin-1").lower() for name, value in scope["headers"]}
        host = headers.get("host", "")
        if _name(host) not in self._names:
            return "This name is not one of this server. Start it with --name NAME to add one.\n"
        if "origin" in headers and _place(headers["origin"]) != host:
            return "Only the pages of this server may ask it.\n"
        if headers.get("sec-fetch-site", "none") in ("cross-site", "same-site") and not _is_link(scope, headers):
            return "Only the pages of this server may ask it.\n"
        return None


def _name(host: str) -> str:
    """The name in a Host header, without its port. An address of IPv6 keeps its brackets."""
    name, bracket, _ = host.partition("]")
    return name + bracket if bracket else host.partition(":")[0].removesuffix(".")


def _place(origin: str) -> str:
    """Host and port of an origin; empty for one that has none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _is_link(scope: Scope, headers: Mapping[str, str]) -> bool:
    """Whether somebody followed a link, to a page and not to what answers questions."""
    return (
        scope.get("method") == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and not scope["path"].rstrip("/").endswith("/graphql")
    )


def as_dagsters() -> None:
    """Run Dagster's own command ``dagster-webserver`` behind the same layer, for charts that start it by its name.

    The environment variable ``PARITY_UI_NAMES`` has the names of this server, joined by commas.
    """
    from dagster_webserver import cli

    names = [name.strip() for name in os.environ.get("PARITY_UI_NAMES", "").split(",")]

    def guarded(*given: Any, **named: Any) -> OwnRequests:
        return OwnRequests(create_app_from_workspace_process_context(*given, **named), names)

    # The command makes its application by this name, and hands what it gets to its server.
    setattr(cli, "create_app_from_workspace_process_context", guarded)  # noqa: B010  no attribute that it exports
    cli.main()  # type: ignore[no-untyped-call]  # Dagster declares no types


def serve(home: Path, code: WorkspaceLoadTarget, listen: tuple[str, int], names: Collection[str]) -> None:
    """Serve the UI of the instance at ``home`` until the process is told to end. ``code``: the code server."""
    with opened(home) as dagster:
        dagster.optimize_for_webserver(_STATEMENT_MS, _CONNECTION_SECONDS, _CONNECTIONS)
        with WorkspaceProcessContext(dagster, code, version=__version__) as context:
            app = OwnRequests(create_app_from_workspace_process_context(context), names)
            uvicorn.run(app, host=listen[0], port=listen[1], log_level="warning", server_header=False)
