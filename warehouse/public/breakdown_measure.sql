-- public.breakdown_measure
-- Grain: one row per level, organisation, period, pathway, breakdown, group and measure.
-- For the organisations of public.service_measure, where anything was submitted; all pathways together, and over
-- a year: in a quarter or one pathway nearly every group of a service is suppressed, and there would be 7 times
-- more. A group that is not in public.breakdown_group is in 'other'.
CREATE TABLE public.breakdown_measure AS
WITH listed AS (
    SELECT DISTINCT level, organisation, pathway
    FROM public.service_measure
),
cell AS (
    SELECT
        b.source, b.level, b.organisation, b.period_type, b.period_start, b.pathway, b.breakdown,
        coalesce(g.breakdown_group, 'other') AS breakdown_group, b.measure,
        CAST(sum(b.numerator) AS BIGINT) AS numerator, CAST(sum(b.denominator) AS BIGINT) AS denominator,
        bit_or(p.people) AS people, bit_or(p.others) AS others, min(p.origin) AS origin,
        max(b.months_submitted) AS months_submitted, max(b.state) AS state
    FROM monthly_count.group_figure AS b
    INNER JOIN listed AS l ON l.level = b.level AND l.organisation = b.organisation AND l.pathway = b.pathway
    LEFT JOIN public.breakdown_group AS g ON g.breakdown = b.breakdown AND g.breakdown_group = b.breakdown_group
    LEFT JOIN monthly_count.people AS p
        ON p.level = b.level AND p.organisation = b.organisation AND p.period_type = b.period_type
        AND p.period_start = b.period_start AND p.pathway = b.pathway AND p.breakdown = b.breakdown
        AND p.breakdown_group = b.breakdown_group AND p.measure = b.measure
    WHERE b.state NOT IN ('not submitted', 'not applicable')
        AND b.period_type IN ('financial year', 'rolling 12 months') AND b.pathway = 'all'
    GROUP BY
        b.source, b.level, b.organisation, b.period_type, b.period_start, b.pathway, b.breakdown,
        coalesce(g.breakdown_group, 'other'), b.measure
),
keyed AS (
    SELECT
        c.*, m.kind, m.grain, coalesce(c.people, 0) | coalesce(c.others, 0) AS everybody,
        public.key_of(c.numerator, c.people, c.origin) AS key, public.key_of(c.denominator, everybody, c.origin) AS key_of_all
    FROM cell AS c
    INNER JOIN public.measure AS q ON q.measure = c.measure
    INNER JOIN mart.measure AS m ON m.measure = c.measure
),
drawn AS (
    SELECT *, public.draw(key) AS error, public.draw(key_of_all) AS error_of_all
    FROM keyed
),
protected AS (
    SELECT
        *, CASE WHEN kind IN ('count', 'share') THEN public.shown(numerator, people, error, grain) END AS shown,
        CASE WHEN kind NOT IN ('count', 'rate', 'day_rate') THEN public.shown(denominator, everybody, error_of_all, grain) END AS shown_of
    FROM drawn
),
told AS (
    SELECT
        *, public.rows_of_one(denominator, everybody, grain) AS rows_of_one,
        public.numerator(kind, grain, shown, shown_of, others, key, measure) AS told,
        public.average(kind, numerator, NULL, denominator, shown_of, everybody, key_of_all, people, error, grain) AS average
    FROM protected
)
SELECT
    source, level, organisation, period_type, period_start, pathway, breakdown, breakdown_group, measure,
    told AS numerator, shown_of AS denominator,
    CASE kind WHEN 'count' THEN told WHEN 'share' THEN public.rate_of_rows(told, shown_of, rows_of_one)
        ELSE average END AS value,
    months_submitted, public.state_with_figure(kind, told, shown_of, value, state) AS state
FROM told

-- Columns of public.breakdown_measure: Protected figures by group: one row per level, organisation, period,
--     pathway, breakdown, group and measure.
--   source, key: submitted (from the services' submissions) or published (NHS England's statistics).
--   level, key: England, region, ICB, sub-ICB, provider, or provider in sub-ICB.
--   organisation, key: ODS code; ENG: England; provider|sub-ICB; 'unknown': could not be placed.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   breakdown, key: What the groups are of: gender, age, ethnicity …
--   breakdown_group, key: Code of the group (public.breakdown_group); groups of one breakdown do not overlap.
--   measure, key: Id of the measure (public.measure).
--   numerator: Count with its random error; NULL where suppressed, and for means and medians.
--   denominator: Count the figure is of, with its random error; NULL where suppressed, and for plain counts.
--   value: Of a count the numerator as shown. Of a share [share] numerator / denominator as shown; NULL where the
--       denominator is of fewer than {rate_from} people. Of other kinds, in the measure's unit: a mean (of {mean_from}
--       people or more, with a random error), median, 90th centile or rate; whole, but means to one decimal where the
--       denominator shown is {decimal_from} or more.
--   months_submitted [months]: Months of the period in which a provider of the organisation has submitted.
--   state: value; no rate (counts shown, too few for a value); suppressed (fewer than {smallest} people
--       counted); not submitted; not applicable.
