"""Commands for running as a service: serve."""

from typing import Annotated, Literal

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, app, require


@app.command(group=CENTRE)
def serve(
    part: Literal["everything", "code-server", "daemon", "webserver"] = "everything",
    *,
    code_server: str = "",
    listen: str = "127.0.0.1:3000",
    name: Annotated[
        list[str] | None,
        Parameter(negative=(), help="A name of this server, by which browsers reach it. Repeat it for several."),
    ] = None,
) -> int:
    """Run the inbox sensor, the schedules and the Dagster UI, until stopped.

    Parameters
    ----------
    part
        Only one of its processes, to run each as a service of its own.
    code_server
        Where the code server listens: unix:/path or host:port. Needed for a single process.
    listen
        Where the UI listens, as host:port. It has no log-in.

    """
    from pipelines import serving

    address = serving.host_and_port(listen, "--listen")
    if part == "everything":
        require(not code_server, "--code-server is for a single process, such as `parity serve daemon`.")
        serving.everything(listen, name or [])
        return CLEAN
    require(bool(code_server), f"Say where the code server listens: parity serve {part} --code-server unix:/path")
    place = serving.Place.of(code_server)
    if part == "code-server":
        serving.code_server(place)
    elif part == "daemon":
        serving.daemon(place)
    else:
        serving.webserver(place, address, name or [])
    return CLEAN
