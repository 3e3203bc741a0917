-- public.control_chart_summary
-- Grain: one row per source, provider (ENG: England), pathway and measure: the latest point and the standard.
-- The model mart.control_chart_summary on public.control_chart.
CREATE TABLE public.control_chart_summary AS
SELECT
    source, provider, pathway, measure, segment, rebased_because, points, not_charted, latest_period_start,
    latest_value, mean, lower_limit, upper_limit, limits, point_type, variation, direction, standard, assurance
FROM work.public_control_chart_summary

-- Columns of public.control_chart_summary: One row per chart of public.control_chart: its latest point, and the
--     standard against its limits.
--   source, key: submitted (from the services' submissions) or published (NHS England's statistics).
--   provider, key: ODS code of the provider; ENG is England.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (public.measure).
--   segment: Number of the latest part of the chart (public.control_chart).
--   rebased_because: The change of process that began it; NULL where none did.
--   points: Points of the latest part; 0 where the chart has none.
--   not_charted: Periods with a value that are no point (public.control_chart.why_not_charted).
--   latest_period_start [date]: First day of the period of the latest point.
--   latest_value: Value of the latest point.
--   mean: Mean of the points of the latest part.
--   lower_limit: Lower process limit.
--   upper_limit: Upper process limit.
--   limits: standing, trial, too few points, not meaningful or not charted (public.control_chart).
--   point_type: Point type of the latest point.
--   variation: Variation of the latest point.
--   direction: Which is better: higher, lower, or none.
--   standard [share]: National standard.
--   assurance: passes or fails: the standard lies beyond a limit, so the process as it is will always meet or miss
--       it; inconsistent: between them. NULL without standard, direction or limits.
