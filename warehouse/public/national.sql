-- public.national
-- Grain: one row per source, period, pathway and measure: England, from protected counts like any other row.
CREATE TABLE public.national AS
WITH counted AS (
    SELECT source, period_type, period_start, pathway, measure, numerator, denominator, rate, average, state
    FROM public.service_measure
    WHERE level = 'England'
    UNION ALL
    SELECT 'published', p.period_type, p.period_start, p.pathway, p.measure, public.protect(p.numerator),
        public.protect(p.denominator),
        CASE WHEN m.kind = 'share' THEN public.rate(public.protect(p.numerator), public.protect(p.denominator)) END,
        NULL,
        public.state(m.kind, public.protect(p.numerator), public.protect(p.denominator), p.state)
    FROM published.service_count AS p
    INNER JOIN mart.measure AS m ON m.measure = p.measure
    WHERE p.provider = 'ENG'
)
SELECT
    source, period_type, period_start, pathway, measure, numerator, denominator, state, rate,
    CASE WHEN rate IS NOT NULL THEN mart.wilson_low(numerator, denominator, 1.959963984540054) END AS lower_95,
    CASE WHEN rate IS NOT NULL THEN mart.wilson_high(numerator, denominator, 1.959963984540054) END AS upper_95,
    average
FROM counted
