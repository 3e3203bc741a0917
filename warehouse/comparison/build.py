"""Services compared: the marts that say when a difference is a difference.

Belongs here: their order. Does not belong here: what a figure is (``warehouse.measures``), the formulas
(``warehouse.comparison.statistics``), the case-mix model (``warehouse.comparison.case_mix``).
"""

import duckdb

from warehouse.comparison.case_mix import build_case_mix
from warehouse.models import read_sql

# Each may use those before it. Models of ``work`` are thrown away.
MODELS = (
    "mart.provider_figure", "mart.funnel", "mart.service_comparison", "work.control_point", "mart.control_chart",
    "mart.control_chart_summary", "mart.rate_ratio",
)  # fmt: skip


def build_comparison(con: duckdb.DuckDBPyConnection) -> None:
    """Compare services: funnel, control charts, rate ratios and case-mix, in schema ``mart``.

    Needs ``mart.measure``, ``mart.service_measure``, ``mart.breakdown_measure``, ``published.service_count``,
    ``core.provider``, ``core.submission``, ``ref.organisation``, ``ref.provider_place``,
    ``monthly_count.case_mix``, the macros (``warehouse.comparison.statistics.create_macros``) and a catalog
    ``work``.
    """
    for model in MODELS:
        con.execute(read_sql(model))
    build_case_mix(con)
