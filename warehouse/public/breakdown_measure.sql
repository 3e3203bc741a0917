-- public.breakdown_measure
-- Grain: one row per level, organisation, period, pathway, breakdown, group and measure.
-- For the organisations of public.service_measure, where anything was submitted; all pathways together, and over a
-- year: in a quarter or one pathway nearly every group of a service is below 5, and there would be 7 times as many.
CREATE TABLE public.breakdown_measure AS
WITH listed AS (
    SELECT DISTINCT level, organisation, pathway
    FROM public.service_measure
),
protected AS (
    SELECT
        b.source, b.level, b.organisation, b.period_type, b.period_start, b.pathway, b.breakdown, b.breakdown_group,
        b.measure, m.kind,
        public.numerator(m.kind, b.numerator) AS numerator,
        public.denominator(m.kind, b.denominator) AS denominator,
        public.average(m.kind, b.numerator, b.denominator) AS average,
        b.months_submitted, b.state
    FROM mart.breakdown_measure AS b
    INNER JOIN mart.measure AS m ON m.measure = b.measure
    INNER JOIN listed AS l ON l.level = b.level AND l.organisation = b.organisation AND l.pathway = b.pathway
    WHERE b.state NOT IN ('not submitted', 'not applicable')
        AND b.period_type IN ('financial year', 'rolling 12 months') AND b.pathway = 'all'
)
SELECT
    source, level, organisation, period_type, period_start, pathway, breakdown, breakdown_group, measure, numerator,
    denominator, CASE WHEN kind = 'share' THEN public.rate(numerator, denominator) END AS rate, average,
    months_submitted, public.state(kind, numerator, denominator, state) AS state
FROM protected
