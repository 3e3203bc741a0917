-- public.breakdown_measure
-- Grain: one row per level, organisation, period, pathway, breakdown, group and measure.
-- For the organisations of public.service_measure, where anything was submitted; all pathways together, and over
-- a year: in a quarter or one pathway nearly every group of a service is suppressed, and there would be 7 times
-- more.
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
        public.average(m.kind, b.numerator, NULL, b.denominator) AS average,
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

-- Columns of public.breakdown_measure: Protected figures by group: one row per level, organisation, period,
--     pathway, breakdown, group and measure.
--   source, key: submitted (from the services' submissions) or published (NHS England's statistics).
--   level, key: England, region, ICB, sub-ICB, provider, or provider in sub-ICB.
--   organisation, key: ODS code; ENG: England; provider|sub-ICB; 'unknown': could not be placed.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   breakdown, key: What the groups are of: gender, age, ethnicity …
--   breakdown_group, key: Code of the group; groups of one breakdown do not overlap.
--   measure, key: Id of the measure (public.measure).
--   numerator: Count to the nearest {base}; NULL under {smallest} (0 too), and for means and medians.
--   denominator: Count the figure is of, to the nearest {base}; NULL under {smallest} (0 too), and for plain
--       counts.
--   rate [share]: numerator / denominator of this row as shown; NULL where the denominator is under {rate_from}.
--   average: Mean, median or 90th centile of at least {smallest} values, in the measure's unit: whole; means to
--       one decimal where the denominator shown is {decimal_shown} or more.
--   months_submitted [months]: Months of the period in which a provider of the organisation has submitted.
--   state: value; no rate (counts shown, denominator under {rate_from}); suppressed (a count under {smallest}, 0
--       too, or one that would reveal such a count); not submitted; not applicable.
