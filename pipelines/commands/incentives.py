"""Command of the centre and of commissioners who design a tariff: incentives."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipelines.commands.app import CENTRE, CLEAN, Json, app, print_json, require

# Each service has a code of its own for every way, and there are a thousand codes that were never issued.
_MOST_SERVICES = 40


@app.command(group=CENTRE)
def incentives(
    *,
    tariff: Annotated[
        Path | None, Parameter(help="File with the tariff; its last version is taken. Without it: the example.")
    ] = None,
    services: Annotated[int, Parameter(help="Number of services of the demonstration.")] = 8,
    referrals: Annotated[float, Parameter(help="Referrals of each of them a month.")] = 60.0,
    way: Annotated[
        list[str] | None,
        Parameter(negative=(), help="Only this way of gaming, by the name in the CSV; may be repeated."),
    ] = None,
    page: Annotated[Path | None, Parameter(help="Write a page in Markdown to this file.")] = None,
    csv: Annotated[Path | None, Parameter(help="Write the whole table to this file, as CSV.")] = None,
    as_json: Json = False,
) -> int:
    """Show what a service gains under a tariff by gaming: leaving out scores, discharging early, and so on.

    The records of made-up services are changed, counted and paid. Nothing of the data root is read or written.
    """
    from demonstration.gaming.ways import WAYS
    from pipelines import show, show_incentives
    from pipelines.incentives import Setting
    from pipelines.incentives import incentives as found_by
    from reports.published import incentives as published
    from warehouse.payment.tariff_file import example_tariffs, read_tariffs

    require(1 <= services <= _MOST_SERVICES, f"--services is a whole number from 1 to {_MOST_SERVICES}.")
    require(1 <= referrals <= 1000, "--referrals is a number from 1 to 1000.")
    known = {each.id: each for each in WAYS}
    wanted = [name.upper() for name in way or known]
    unknown = ", ".join(name[:40] for name in wanted if name not in known)
    require(not unknown, f"There is no way called {unknown}. Known are {', '.join(known)}.")
    version = (example_tariffs() if tariff is None else read_tariffs(tariff))[-1]
    setting = Setting(
        tuple(range(1, services + 1)), referrals, tuple(known[name] for name in dict.fromkeys(wanted))
    )
    with show.progress("Changing and paying", services * (len(setting.ways) + 1)) as step:
        found = found_by(version, setting, step)
    for path, text in ((page, published.page), (csv, published.as_csv)):
        if path is not None:
            path.write_text(text(found), encoding="utf-8")
    if as_json:
        print_json(list(published.rows(found)))
    else:
        show_incentives.incentives(found)
    return CLEAN
