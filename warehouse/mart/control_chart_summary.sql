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
