"""The centre's board as a page: provider × month, whom to write to, what moved since the last release.

Belongs here: laying out what it is given. Does not belong here: how a month stands, and any reading of the ledger
(``pipelines.overseeing``). The page is for the centre alone: it names exact figures and what sites got wrong.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from reports.pages import addresses
from reports.pages.page import Page
from reports.site.wording import checked_before, day
from reports.templating import dressed, environment
from schemas.month import month_text

# Texts to mail that the page has: with them, 200 providers and 12 months stay under 400 KB.
_TEXTS = 60


def page_of(months: Sequence[date], seen: Mapping[str, Any], has_plans: bool = False) -> Page:
    """The page of the board on a day; ``has_plans`` says whether the page of all services' plans is beside it.

    ``months`` are those that the table shows. ``seen`` has the day (on), the months of providers (board: provider,
    month, word, why, closes, days_left, counts, latest, touches), chase (provider, months, text), release and
    unplaced, and the number of submissions that another version checked (outdated).
    """
    rows = seen["board"]
    names = [month_text(month) for month in months]
    by_provider: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        by_provider.setdefault(row["provider"], {})[row["month"]] = row
    columns = [(name, f"{month:%b %Y}") for name, month in zip(names, months, strict=True)]
    open_windows = sorted(
        {(row["closes"], row["month"], row["days_left"]) for row in rows if row["days_left"] >= 0}
    )
    values = {
        "plans": addresses.PLANS if has_plans else "",
        "on": day(seen["on"].isoformat()),
        "columns": columns,
        "providers": by_provider,
        "windows": [(name, day(closes.isoformat()), left) for closes, name, left in open_windows],
        "touches": {row["month"]: row["touches"] for row in rows if "touches" in row},
        "asked": [(row["provider"], row["month"], each) for row in rows for each in row.get("questions", ())],
        "waiting": [row for row in rows if row["why"] or row["word"] == "not received"],
        "chase": seen["chase"][:_TEXTS],
        "further": len(seen["chase"]) - _TEXTS,
        "unplaced": seen["unplaced"],
        "said": seen["release"],
        "outdated": checked_before(seen["outdated"]) if seen["outdated"] else "",
    }
    text = (
        environment("reports.pages")
        .get_template("board.html")
        .render(values | dressed("reports.pages", "pages.css"))
    )
    return Page(addresses.BOARD, text)
