-- public.national
-- Grain: one row per source, period, pathway and measure: England, from protected counts like any other row.
-- What NHS England has published is shown as published: it is known already.
CREATE TABLE public.national AS
WITH counted AS (
    SELECT source, period_type, period_start, pathway, measure, numerator, denominator, value, state
    FROM public.service_measure
    WHERE level = 'England'
    UNION ALL
    SELECT 'published', p.period_type, p.period_start, p.pathway, p.measure, p.numerator, p.denominator,
        CASE m.kind WHEN 'share' THEN public.rate(p.numerator, p.denominator) WHEN 'count' THEN p.numerator END,
        public.state(m.kind, p.numerator, p.denominator, p.state)
    FROM published.service_count AS p
    INNER JOIN mart.measure AS m ON m.measure = p.measure
    WHERE p.provider = 'ENG'
)
SELECT
    c.source, c.period_type, c.period_start, c.pathway, c.measure, c.numerator, c.denominator, c.state, c.value,
    CASE WHEN m.kind = 'share' AND c.value IS NOT NULL
        THEN mart.wilson_low(c.numerator, c.denominator, mart.z_95()) END AS lower_95,
    CASE WHEN m.kind = 'share' AND c.value IS NOT NULL
        THEN mart.wilson_high(c.numerator, c.denominator, mart.z_95()) END AS upper_95,
    CASE c.source WHEN 'published' THEN 12 ELSE v.months END AS months, v.months_submitted,
    v.provider_months_expected, v.provider_months_submitted
FROM counted AS c
INNER JOIN public.measure AS m ON m.measure = c.measure
LEFT JOIN mart.submission_coverage AS v
    ON c.source = 'submitted' AND v.level = 'England' AND v.period_type = c.period_type
    AND v.period_start = c.period_start AND v.over_time = m.over_time

-- Columns of public.national: England: one row per source, period, pathway and measure, from protected counts like
--     any other row.
--   source, key: submitted (from the services' submissions) or published (NHS England's statistics).
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (public.measure).
--   numerator: Count with its random error; NULL where suppressed, and for means and medians.
--   denominator: Count the figure is of, with its random error; NULL where suppressed, and for plain counts.
--   state: value; no rate (counts shown, too few for a value); suppressed (fewer than {smallest} people
--       counted); not submitted; not applicable.
--   value: Of a count the numerator as shown. Of a share [share] numerator / denominator as shown; NULL where the
--       denominator is of fewer than {rate_from} people. Of other kinds, in the measure's unit: a mean (of {mean_from}
--       people or more, with a random error), median, 90th centile or rate; whole, but means to one decimal where the
--       denominator shown is {decimal_from} or more.
--   lower_95 [share]: Lower 95 % Wilson limit of the value of a share, from the counts shown.
--   upper_95 [share]: Upper 95 % Wilson limit of the value of a share, from the counts shown.
--   months [months]: Months of the period.
--   months_submitted [months]: Months of the period for which some provider submitted; NULL for published figures.
--   provider_months_expected: Submissions expected for the figure, one per provider and month; of a stock for the last
--       month only. NULL for published figures.
--   provider_months_submitted: Of these, submitted.
