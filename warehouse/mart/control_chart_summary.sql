-- mart.control_chart_summary
-- Grain: one row per source, provider (ENG: England), pathway and measure: the latest point and the standard.
-- passes: the standard lies beyond the limit on the worse side, so chance alone would not miss it; fails: beyond
-- the better side. On the limit is inconsistent: the comparison is strict.
CREATE TABLE mart.control_chart_summary AS
SELECT
    c.source, c.provider, c.pathway, c.measure, c.points, c.period_start AS latest_period_start,
    c.value AS latest_value,
    c.mean, c.lower_limit, c.upper_limit, c.limits, c.point_type, c.variation, m.direction, m.standard,
    CASE WHEN c.lower_limit IS NULL OR m.standard IS NULL OR m.direction NOT IN ('higher', 'lower') THEN NULL
        WHEN m.standard < c.lower_limit THEN CASE m.direction WHEN 'higher' THEN 'passes' ELSE 'fails' END
        WHEN m.standard > c.upper_limit THEN CASE m.direction WHEN 'higher' THEN 'fails' ELSE 'passes' END
        ELSE 'inconsistent' END AS assurance
FROM mart.control_chart AS c
LEFT JOIN mart.measure AS m ON m.measure = c.measure
WHERE c.position = c.points

-- Columns of mart.control_chart_summary: One row per chart of mart.control_chart: its latest point, and the
--     standard against its limits.
--   source, key: submitted (our own count) or published (NHS England's statistics).
--   provider, key: ODS code of the provider; ENG is England.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   points: Points of the chart.
--   latest_period_start [date]: First day of the latest period with a value.
--   latest_value: Value of the latest point.
--   mean: Mean of all points.
--   lower_limit: Lower process limit.
--   upper_limit: Upper process limit.
--   limits: standing, trial, too few points or not meaningful (mart.control_chart).
--   point_type: Point type of the latest point.
--   variation: Variation of the latest point.
--   direction: Which is better: higher, lower, or none.
--   standard [share]: National standard.
--   assurance: passes or fails: the standard lies beyond a limit, so the process as it is will always meet or miss
--       it; inconsistent: between them. NULL without standard, direction or limits.
