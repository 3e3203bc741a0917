"""The UI answers its own pages under its own names, and refuses what another site asks through a browser."""

import asyncio
from typing import Any

import pytest

from pipelines.webserver import OwnRequests

Headers = dict[str, str]
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def answered(headers: Headers, method: str = "GET", path: str = "/", kind: str = "http") -> bool:
    """Whether the application behind was asked. If not, the answer was a refusal."""
    asked, said = [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": method, "path": path, "headers": raw}
    asyncio.run(OwnRequests(app, ["Parity.Example"])(scope, receive, send))
    if asked:
        assert said == []
    elif kind == "websocket":
        assert [message["type"] for message in said] == ["websocket.close"]
    else:
        assert said[0]["status"] == 403
    return bool(asked)


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:3000", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]", "[::1]:3000", "parity.example",
     "parity.example.:443", "Parity.Example:3000"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_name_of_this_server_is_answered(host: str, kind: str) -> None:
    assert answered({"host": host}, kind=kind)


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example:3000"}, {"host": "localhost.evil.example"}, {"host": "evil.example#localhost"},
     {"host": "127.0.0.1.evil.example:3000"}, {"host": "[::2]:3000"}, {"host": "[::1"}, {"host": ""}, {}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_any_other_name_is_refused(headers: Headers, kind: str) -> None:
    assert not answered(headers, kind=kind)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:8000", "http://localhost", "null", "http://[", ""]
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_page_of_another_place_may_not_ask(origin: str, kind: str) -> None:
    own = {"host": "localhost:3000", "origin": "http://localhost:3000"}
    assert answered(own, "POST", "/graphql", kind)
    assert not answered(own | {"origin": origin}, "POST", "/graphql", kind)


def test_behind_a_proxy_that_speaks_tls_its_own_pages_may_ask() -> None:
    assert answered({"host": "parity.example", "origin": "https://parity.example"}, "POST", "/graphql")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_an_image_or_script_of_another_site_may_not_ask(site: str) -> None:
    """Dagster carries out a mutation that comes by GET, and an image needs no leave to ask for one."""
    image = {
        "host": "localhost:3000",
        "sec-fetch-site": site,
        "sec-fetch-mode": "no-cors",
        "sec-fetch-dest": "image",
    }
    assert not answered(image, path="/graphql")
    assert not answered(image, path="/runs")
    assert answered(image | {"sec-fetch-site": "same-origin"}, path="/graphql")
    assert answered(image | {"sec-fetch-site": "none"}, path="/graphql")


def test_a_link_on_another_site_leads_to_a_page_and_to_no_question() -> None:
    link = {"host": "localhost:3000", **LINK}
    assert answered(link, path="/runs/1")
    assert not answered(link, path="/graphql")
    assert not answered(link, path="/graphql/")
    assert not answered(link, "POST", "/runs/1")
    assert not answered(link | {"sec-fetch-dest": "iframe"}, path="/runs/1")


def test_what_is_neither_http_nor_a_websocket_is_passed_on() -> None:
    assert answered({}, kind="lifespan")
