"""How long the centre keeps what: a number of days for each kind, from a date on.

Belongs here: the kinds, their defaults, and the centre's own file. Does not belong here: removing
(``pipelines.custody.prune``).

The centre's file is ``retention.csv`` in the data root: ``what,days,valid_from,why``. A later row of a kind takes
the place of an earlier one from its date on. ``never`` instead of a number keeps for ever.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum

from pipelines.zones import Zones
from schemas.catalogue_file import Problem, Row, malformed, read_rows, wrong_columns, wrong_length

FILE = "retention.csv"
_COLUMNS = ("what", "days", "valid_from", "why")


class Kind(StrEnum):
    """What is kept for a time."""

    INBOX = "inbox"
    INBOX_REFUSED = "inbox_refused"
    RECEIVED_SUPERSEDED = "received_superseded"
    RECEIVED_CURRENT = "received_current"
    SITE_REPORTS = "site_reports"
    ROWS_SUPERSEDED = "rows_superseded"
    BUILDS = "builds"
    RELEASES = "releases"
    RELEASES_OF_THE_MONTH = "releases_of_the_month"
    MESSAGES = "messages"
    DAGSTER_RUNS = "dagster_runs"
    DAGSTER_LOAD_LOGS = "dagster_load_logs"
    DAGSTER_LOGS = "dagster_logs"
    DAGSTER_TICKS = "dagster_ticks"


MEANING: dict[Kind, str] = {
    Kind.INBOX: "submissions in received/ of the inbox: they have an outcome",
    Kind.INBOX_REFUSED: "what lies in refused/ of the inbox: rejected files, and what is no submission",
    Kind.RECEIVED_SUPERSEDED: "files of submissions that do not count: rejected, or followed by a later one",
    Kind.RECEIVED_CURRENT: "files of submissions that count: without them nothing can be processed again",
    Kind.SITE_REPORTS: "reports to sites",
    Kind.ROWS_SUPERSEDED: "pseudonymised rows that do not count",
    Kind.BUILDS: "the draft of the last build, and what killed ones left: the next build takes longer",
    Kind.RELEASES: "releases before the current one; their public figures stay",
    Kind.RELEASES_OF_THE_MONTH: "releases that another of the same month followed; their public figures stay",
    Kind.MESSAGES: "what people were told, in centre/told; what is not over is told again as before",
    Kind.DAGSTER_RUNS: "Dagster's runs, but those that last loaded a month or last made a table",
    Kind.DAGSTER_LOAD_LOGS: "Dagster's loads that succeeded, with logs of their steps; what they made stays",
    Kind.DAGSTER_LOGS: "Dagster's other runs with logs of their steps; what they made, and results of checks, stay",
    Kind.DAGSTER_TICKS: "sensors and schedules with old ticks of Dagster",
}
DEFAULTS: dict[Kind, int | None] = {
    Kind.INBOX: 7,
    Kind.INBOX_REFUSED: 30,
    Kind.RECEIVED_SUPERSEDED: 180,
    Kind.RECEIVED_CURRENT: None,
    Kind.SITE_REPORTS: 400,
    Kind.ROWS_SUPERSEDED: 35,
    Kind.BUILDS: 90,
    Kind.RELEASES: 400,
    Kind.RELEASES_OF_THE_MONTH: 35,
    Kind.MESSAGES: 400,
    Kind.DAGSTER_RUNS: 90,
    Kind.DAGSTER_LOAD_LOGS: 1,
    Kind.DAGSTER_LOGS: 30,
    Kind.DAGSTER_TICKS: 30,
}
"""Days; ``None`` is for ever. 35: a month's window and a few days, in which a submission may be withdrawn. 400: a
year's report beside the one before it. A release of 720 small submissions takes 1 GB: 13 of a year may stay, and
not one for each day on which something was corrected. 1: nobody reads the log of a load that succeeded, and it is a
third of what Dagster keeps of a small submission."""

_FORMS = {
    "what": ("|".join(Kind), f"one of {', '.join(Kind)}"),
    "days": ("[1-9][0-9]{0,4}|never", "a number of days from 1 to 99999, or never"),
    "valid_from": ("20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "a date such as 2026-04-01"),
    "why": (".+", "a reason"),
}


def retention(zones: Zones, on: date) -> dict[Kind, int | None]:
    """Days to keep each kind, as valid ``on`` a day; ``None`` is for ever. Raises CatalogueError."""
    days = dict(DEFAULTS)
    file = zones.home / FILE
    if file.exists():
        rows = read_rows(file, FILE, _problems)
        for row in sorted(rows, key=lambda row: row["valid_from"]):
            if date.fromisoformat(row["valid_from"]) <= on:
                days[Kind(row["what"])] = None if row["days"] == "never" else int(row["days"])
    return days


def _problems(header: Sequence[str], rows: Sequence[Row]) -> Iterator[Problem]:
    found = list(wrong_columns(header, _COLUMNS))
    yield from found
    for number, row in enumerate(rows if not found else (), start=2):
        wrong = list(wrong_length(number, row, _COLUMNS))
        yield from wrong
        if not wrong:
            yield from ((number, problem) for _, problem in malformed(row, _FORMS))
            yield from _no_date(number, row)


def _no_date(number: int, row: Row) -> Iterator[Problem]:
    try:
        date.fromisoformat(row["valid_from"])
    except ValueError:
        yield number, f"valid_from {row['valid_from']!r} is no day"
