-- work.public_charted
-- Grain: one row per source, provider (ENG: England), period, pathway and measure: what public shows, for charts.
-- In the layout of mart.provider_figure, so that the models of the control charts make those of what is shown, too.
CREATE OR REPLACE TABLE work.public_charted AS
SELECT
    s.source, CASE s.level WHEN 'England' THEN 'ENG' ELSE s.organisation END AS provider, s.period_type, s.period_start,
    s.pathway, s.measure, m.kind, s.denominator, s.value,
    CASE WHEN s.value IS NULL THEN s.state ELSE 'value' END AS state, coalesce(v.is_complete, false) AS is_complete
FROM public.service_measure AS s
INNER JOIN public.measure AS m ON m.measure = s.measure
LEFT JOIN mart.submission_coverage AS v
    ON v.level = s.level AND v.organisation = s.organisation AND v.period_type = s.period_type
    AND v.period_start = s.period_start AND v.over_time = m.over_time
WHERE s.level IN ('England', 'provider') AND s.period_type = 'month'
UNION ALL
SELECT
    'published', p.provider, p.period_type, p.period_start, p.pathway, p.measure, m.kind, p.denominator,
    CASE m.kind WHEN 'share' THEN public.rate(p.numerator, p.denominator) WHEN 'count' THEN p.numerator END AS value,
    CASE WHEN value IS NULL THEN p.state ELSE 'value' END, true
FROM published.service_count AS p
INNER JOIN public.measure AS m ON m.measure = p.measure
