-- mart.control_chart_summary
-- Grain: one row per source, provider (ENG: England), pathway and measure: the latest point and the standard.
-- passes: the standard lies beyond the limit on the worse side, so chance alone would not miss it; fails: beyond
-- the better side. On the limit is inconsistent: the comparison is strict.
-- A chart without any point keeps its row: its latest figure, not charted.
CREATE TABLE mart.control_chart_summary AS
WITH latest AS (
    SELECT *, count(why_not_charted) OVER (PARTITION BY source, provider, pathway, measure) AS not_charted
    FROM mart.control_chart
    QUALIFY row_number() OVER (
        PARTITION BY source, provider, pathway, measure ORDER BY position DESC NULLS LAST, period_start DESC) = 1
)
SELECT
    c.source, c.provider, c.pathway, c.measure, c.segment, c.rebased_because, coalesce(c.points, 0) AS points,
    c.not_charted, c.period_start AS latest_period_start, c.value AS latest_value,
    c.mean, c.lower_limit, c.upper_limit, c.limits, c.point_type, c.variation, m.direction, m.standard,
    CASE WHEN c.lower_limit IS NULL OR m.standard IS NULL OR m.direction NOT IN ('higher', 'lower') THEN NULL
        WHEN m.standard < c.lower_limit THEN CASE m.direction WHEN 'higher' THEN 'passes' ELSE 'fails' END
        WHEN m.standard > c.upper_limit THEN CASE m.direction WHEN 'higher' THEN 'fails' ELSE 'passes' END
        ELSE 'inconsistent' END AS assurance
FROM latest AS c
LEFT JOIN mart.measure AS m ON m.measure = c.measure

-- Columns of mart.control_chart_summary: One row per chart of mart.control_chart: its latest point, and the
--     standard against its limits.
--   source, key: submitted (our own count), data quality, or published (NHS England's statistics).
--   provider, key: ODS code of the provider; ENG is England.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   segment: Number of the latest part of the chart (mart.control_chart).
--   rebased_because: The change of process that began it; NULL where none did.
--   points: Points of the latest part; 0 where the chart has none.
--   not_charted: Periods with a value that are no point (mart.control_chart.why_not_charted).
--   latest_period_start [date]: First day of the period of the latest point.
--   latest_value: Value of the latest point.
--   mean: Mean of the points of the latest part.
--   lower_limit: Lower process limit.
--   upper_limit: Upper process limit.
--   limits: standing, trial, too few points, not meaningful or not charted (mart.control_chart).
--   point_type: Point type of the latest point.
--   variation: Variation of the latest point.
--   direction: Which is better: higher, lower, or none.
--   standard [share]: National standard.
--   assurance: passes or fails: the standard lies beyond a limit, so the process as it is will always meet or miss
--       it; inconsistent: between them. NULL without standard, direction or limits.
