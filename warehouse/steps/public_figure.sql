-- work.public_figure
-- Grain: one row per source, provider (ENG: England), period, pathway and share: what public shows of it.
-- In the layout of mart.provider_figure, so that the model mart.funnel makes the funnel of what is shown, too.
-- All pathways together have no peers here: which pathway makes up 95 % is a question of a few people. What NHS England
-- has published is known: nothing about it is uncertain.
CREATE OR REPLACE TABLE work.public_figure AS
SELECT
    s.source, CASE s.level WHEN 'England' THEN 'ENG' ELSE s.organisation END AS provider, o.name AS provider_name,
    s.period_type, s.period_start, s.pathway, s.measure, m.kind, s.numerator, s.denominator, s.value,
    s.value AS shown_value, s.state, s.state AS shown_state, CASE WHEN s.pathway <> 'all' THEN s.pathway END AS peer_group,
    v.months, v.months_submitted, coalesce(v.is_complete, false) AS is_complete,
    public.margin(x.grain) AS margin
FROM public.service_measure AS s
INNER JOIN public.measure AS m ON m.measure = s.measure AND m.kind = 'share'
INNER JOIN mart.measure AS x ON x.measure = s.measure
INNER JOIN public.organisation AS o ON o.level = s.level AND o.organisation = s.organisation
LEFT JOIN mart.submission_coverage AS v
    ON v.level = s.level AND v.organisation = s.organisation AND v.period_type = s.period_type
    AND v.period_start = s.period_start AND v.over_time = m.over_time
WHERE s.level IN ('England', 'provider')
UNION ALL
SELECT
    'published', p.provider, coalesce(p.provider_name, p.provider), p.period_type, p.period_start, p.pathway,
    p.measure, m.kind, p.numerator, p.denominator, p.numerator / nullif(p.denominator, 0),
    public.rate(p.numerator, p.denominator), p.state, public.state(m.kind, p.numerator, p.denominator, p.state), 'all',
    12, NULL, true, 0
FROM published.service_count AS p
INNER JOIN public.measure AS m ON m.measure = p.measure AND m.kind = 'share'
