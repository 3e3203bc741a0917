"""A service's own figures by month as a file, for its own tools and for a preview of its next month.

Belongs here: which figures are in it, and its columns. Does not belong here: reading it (``pipelines.preview``).
"""

import csv
import io
from collections.abc import Iterator
from itertools import groupby

from reports.pages import addresses
from reports.pages.page import Page
from reports.pages.release import Release
from schemas.month import months_after
from schemas.periods import MONTH

COLUMNS = ("provider", "month", "pathway", "measure", "numerator", "denominator", "value", "state", "release")
# A month, and the same month a year before.
_MONTHS = 13
_ASKED = f"""
SELECT organisation AS provider, strftime(period_start, '%Y-%m') AS month, pathway, measure, numerator, denominator,
    value, state
FROM v1.figure
WHERE level = 'provider' AND period_type = '{MONTH}' AND period_start >= ? AND state = 'value'
ORDER BY organisation, period_start, pathway, measure
"""


def files(release: Release) -> Iterator[Page]:
    """The file of every service: its exact figures of everybody in the newest months, one row per figure."""
    if release.is_empty or not release.has("v1", "figure"):
        return
    since = months_after(release.newest_month, 1 - _MONTHS)
    for provider, rows in groupby(release.rows(_ASKED, since), key=lambda row: row["provider"]):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([*row.values(), release.name] for row in rows)
        yield Page(addresses.FIGURES, text.getvalue(), str(provider))
