"""Control charts of the providers whose figures are not what they were: ``mart.control_chart`` and its summary.

Belongs here: which charts are made again, and putting them beside those that stay (``warehouse.kept``). Does not
belong here: what a chart is (``mart/control_chart.sql`` and the steps it reads).

A chart is of one provider: the figures of another move no limit of it. Every provider has some 400, and England.
"""

from collections.abc import Callable, Mapping
from functools import partial

import duckdb

from warehouse.kept import digests, note, take_over
from warehouse.models import read_sql

_FIGURES = "work.control_figure"
_CHARTS, _SUMMARY = "mart.control_chart", "mart.control_chart_summary"
MARTS = (_CHARTS, _SUMMARY)


def chart_steps() -> Mapping[str, Callable[[duckdb.DuckDBPyConnection], object]]:
    """What makes the models of the charts instead of executing them as they stand (``warehouse.order.run``)."""
    charts = _Charts()
    return {_FIGURES: charts.take_over, _CHARTS: partial(charts.make, _CHARTS), _SUMMARY: charts.summarise}


class _Charts:
    """The charts of one build: what those of every provider are made from (``now``), and whose are made again."""

    now: Mapping[str, str]
    made: set[str]

    def take_over(self, con: duckdb.DuckDBPyConnection) -> None:
        """Leave in ``work.control_figure`` the figures of the charts to be made, and take their old rows out.

        What the models of the charts read of a measure, its direction, standard and least value, is the code's.
        """
        con.execute(read_sql(_FIGURES))
        # The number of a chart says nothing, and is another in every build.
        self.now = digests(con, _FIGURES, "provider", "* EXCLUDE (chart)")
        self.made = take_over(con, MARTS, "provider", self.now)
        con.execute(
            "CREATE TABLE work.charted AS SELECT unnest(CAST(? AS VARCHAR[])) AS provider", [sorted(self.made)]
        )
        if self.some_stay:
            con.execute(f"DELETE FROM {_FIGURES} WHERE provider NOT IN (FROM work.charted)")

    @property
    def some_stay(self) -> bool:
        """Whether charts of the last build stay; if none do, there are no tables of charts."""
        return len(self.made) < len(self.now)

    def make(self, mart: str, con: duckdb.DuckDBPyConnection) -> None:
        """Make the rows of ``work.control_figure``, beside those of ``mart`` that stay."""
        text = read_sql(mart)
        if self.some_stay:
            text = text.replace(f"CREATE TABLE {mart} AS", f"INSERT INTO {mart}")
            # The summary reads the charts, and those that stay have theirs.
            text = text.replace(
                f"FROM {_CHARTS}\n", f"FROM (FROM {_CHARTS} WHERE provider IN (FROM work.charted))\n"
            )
        con.execute(text)

    def summarise(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make the summary, which is the last, and note what all was made from."""
        self.make(_SUMMARY, con)
        note(con, MARTS, self.made, self.now)
