"""England, month by month: the control charts of one measure, a condition at a time.

Belongs here: reading the public control charts of England and drawing them. Does not belong here: limits and
signals (``public.control_chart``), those of a service (``blocks``).
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from markupsafe import Markup

from reports.charts import ControlChart, ControlPoint, control_chart
from reports.pages import cells
from reports.pages.beside import Beside
from reports.pages.numbers import Source
from reports.pages.release import Measure, Release
from schemas.pathway import pathways

# With fewer points a line shows nothing.
_LEAST_POINTS = 3

_MONTHS = """
SELECT c.measure, c.pathway, c.period_start, c.segment, c.rebased_because, c.value, c.why_not_charted, c.mean,
    c.limits, c.lower_limit, c.upper_limit, c.signal, c.variation, s.assurance
FROM public.control_chart AS c
INNER JOIN public.measure AS m ON m.measure = c.measure
INNER JOIN public.control_chart_summary AS s
    ON s.source = c.source AND s.provider = c.provider AND s.pathway = c.pathway AND s.measure = c.measure
WHERE c.source = 'submitted' AND c.provider = 'ENG' AND c.period_start BETWEEN ? AND ?
ORDER BY m.position, c.pathway, c.period_start
"""


class Charts:
    """The charts of England, handed out measure by measure."""

    def __init__(self, release: Release, order: Mapping[str, int]) -> None:
        """Of a release; ``order`` is the place of each measure."""
        self._release = release
        self._rows = Beside(
            release.rows(_MONTHS, release.charted_months[0], release.charted_months[-1]), "measure", order
        )

    def of(self, measure: Measure) -> dict[str, Markup]:
        """The chart of each pathway that has points enough, ``all`` among them."""
        found = {}
        for pathway, own in groupby(self._rows.of(measure.id), key=itemgetter("pathway")):
            rows = list(own)
            if sum(row["why_not_charted"] is None for row in rows) >= _LEAST_POINTS:
                found[pathway] = self._chart(measure, pathway, rows)
        return found

    def _chart(self, measure: Measure, pathway: str, rows: Sequence[Mapping[str, Any]]) -> Markup:
        names = {each.code: each.name for each in pathways()}
        by_month = {row["period_start"]: row for row in rows}
        source = Source(
            "control_chart", "value", "ENG", measure.id, "month", rows[0]["period_start"], pathway
        ).drawn  # fmt: skip
        points = [
            point(f"{month:%b %Y}", str(month), by_month.get(month)) for month in self._release.charted_months
        ]
        drawn = control_chart(
            ControlChart(
                f"{measure.title}, month by month: {names.get(pathway, 'all conditions')}", "England", points,
                measure.standard, rows[0]["assurance"], cells.scale(measure), source,
            ),
            f"months-{pathway}",
        )  # fmt: skip
        return Markup(drawn.html)  # noqa: S704  escapes its texts itself


def point(label: str, period: str, row: Mapping[str, Any] | None) -> ControlPoint:
    """A row of ``public.control_chart`` as a point of a chart; None is a period without a figure."""
    source = Source("control_chart", "value", "", "", "", period, "").drawn  # type: ignore[arg-type]
    if row is None:
        return ControlPoint(label, None, why_missing="no figure", source=source)
    if row["why_not_charted"] is not None:
        is_missing = row["why_not_charted"].startswith("incomplete")
        return ControlPoint(
            label, None, why_missing="not submitted" if is_missing else "too few people", source=source
        )
    return ControlPoint(
        label, cells.number(row["value"]), cells.number(row["mean"]), cells.number(row["lower_limit"]),
        cells.number(row["upper_limit"]), row["limits"], row["variation"], row["signal"], row["segment"],
        row["rebased_because"] or "", source=source,
    )  # fmt: skip
