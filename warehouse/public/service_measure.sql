-- public.service_measure
-- Grain: one row per level, organisation, period, pathway and measure.
-- The sum behind a mean is not published. That an organisation has a pathway at all can stand for one person:
-- unless it is a provider's 'all', it is listed only where some figure of it reaches 5. Sites are not published.
CREATE TABLE public.service_measure AS
WITH protected AS (
    SELECT
        s.source, s.level, s.organisation, s.period_type, s.period_start, s.pathway, s.measure, m.kind,
        public.numerator(m.kind, s.numerator) AS numerator,
        public.denominator(m.kind, s.denominator) AS denominator,
        public.average(m.kind, s.numerator, s.denominator) AS average,
        s.months_submitted, s.state
    FROM mart.service_measure AS s
    INNER JOIN mart.measure AS m ON m.measure = s.measure
    WHERE s.level <> 'site'
),
listed AS (
    SELECT DISTINCT level, organisation, pathway
    FROM protected
    WHERE numerator IS NOT NULL OR denominator IS NOT NULL OR (level = 'provider' AND pathway = 'all')
)
SELECT
    p.source, p.level, p.organisation, p.period_type, p.period_start, p.pathway, p.measure, p.numerator,
    p.denominator, CASE WHEN p.kind = 'share' THEN public.rate(p.numerator, p.denominator) END AS rate, p.average,
    p.months_submitted, public.state(p.kind, p.numerator, p.denominator, p.state) AS state
FROM protected AS p
INNER JOIN listed AS l ON l.level = p.level AND l.organisation = p.organisation AND l.pathway = p.pathway
