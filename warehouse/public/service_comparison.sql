-- public.service_comparison
-- Grain: one row per source, provider, period, pathway and measure that is a share, beside England.
-- Interval and position follow from the protected counts of the row and of England, and from nothing else.
CREATE TABLE public.service_comparison AS
WITH counted AS (
    SELECT s.source, s.organisation AS provider, o.name AS provider_name, s.period_type, s.period_start, s.pathway,
        s.measure, s.numerator, s.denominator, s.rate, s.state
    FROM public.service_measure AS s
    INNER JOIN public.measure AS m ON m.measure = s.measure AND m.kind = 'share'
    INNER JOIN public.organisation AS o ON o.level = s.level AND o.organisation = s.organisation
    WHERE s.level = 'provider'
    UNION ALL
    SELECT 'published', p.provider, coalesce(p.provider_name, p.provider), p.period_type, p.period_start, p.pathway,
        p.measure, p.numerator, p.denominator,
        public.rate(p.numerator, p.denominator),
        public.state(m.kind, p.numerator, p.denominator, p.state)
    FROM published.service_count AS p
    INNER JOIN public.measure AS m ON m.measure = p.measure AND m.kind = 'share'
    WHERE p.provider <> 'ENG'
),
beside AS (
    SELECT c.*, n.numerator AS national_numerator, n.denominator AS national_denominator, n.rate AS national_rate,
        mart.funnel_z(c.rate, n.rate, c.denominator, 0) AS z
    FROM counted AS c
    LEFT JOIN public.national AS n
        ON n.source = c.source AND n.period_type = c.period_type AND n.period_start = c.period_start
        AND n.pathway = c.pathway AND n.measure = c.measure
)
SELECT
    source, provider, provider_name, period_type, period_start, pathway, measure, numerator, denominator, state,
    rate,
    CASE WHEN rate IS NOT NULL THEN mart.wilson_low(numerator, denominator, mart.z_95()) END AS lower_95,
    CASE WHEN rate IS NOT NULL THEN mart.wilson_high(numerator, denominator, mart.z_95()) END AS upper_95,
    national_numerator, national_denominator, national_rate,
    CASE
        WHEN z > mart.z_998() THEN 'above 99.8'
        WHEN z > mart.z_95() THEN 'above 95'
        WHEN z < -mart.z_998() THEN 'below 99.8'
        WHEN z < -mart.z_95() THEN 'below 95'
        WHEN z IS NOT NULL THEN 'within'
    END AS funnel_position
FROM beside

-- Columns of public.service_comparison: Services beside England: one row per source, provider, period, pathway and
--     measure that is a share, from protected counts only.
--   source, key: submitted (from the services' submissions) or published (NHS England's statistics).
--   provider, key: ODS code of the provider.
--   provider_name: Name of the provider; its code where no name is known.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (public.measure).
--   numerator: Count with its random error; NULL where suppressed, and for means and medians.
--   denominator: Count the figure is of, with its random error; NULL where suppressed, and for plain counts.
--   state: value; no rate (counts shown, too few for a rate or an average); suppressed (fewer than {smallest}
--       people counted, or not counted in a share); not submitted; not applicable.
--   rate [share]: numerator / denominator of this row as shown; NULL where the denominator is of fewer than
--       {rate_from} people.
--   lower_95 [share]: Lower 95 % Wilson limit of rate, from the counts shown.
--   upper_95 [share]: Upper 95 % Wilson limit of rate, from the counts shown.
--   national_numerator: Count for England, as shown.
--   national_denominator: Count England's share is of, as shown.
--   national_rate [share]: national_numerator / national_denominator as shown.
--   funnel_position: Where rate lies in the funnel around national_rate: within; above or below 95; above or
--       below 99.8. NULL without a rate.
