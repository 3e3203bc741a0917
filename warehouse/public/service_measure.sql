-- public.service_measure
-- Grain: one row per level, organisation, period, pathway and measure.
-- The sum behind a mean is not published. Even the existence of a pathway at an organisation can reveal one
-- person: unless it is a provider's 'all', it is listed only where some figure of it is shown. Sites are not
-- published.
CREATE TABLE public.service_measure AS
WITH cell AS (
    SELECT
        s.source, s.level, s.organisation, s.period_type, s.period_start, s.pathway, s.measure, m.kind, m.grain,
        s.numerator, s.denominator, s.quantile, s.months_submitted, s.state, p.people, p.others, p.origin,
        coalesce(p.people, 0) | coalesce(p.others, 0) AS everybody
    FROM mart.service_measure AS s
    INNER JOIN public.measure AS m ON m.measure = s.measure
    LEFT JOIN monthly_count.people AS p
        ON p.level = s.level AND p.organisation = s.organisation AND p.period_type = s.period_type
        AND p.period_start = s.period_start AND p.pathway = s.pathway AND p.measure = s.measure
        AND p.breakdown IS NULL
    WHERE s.level <> 'site'
),
keyed AS (
    SELECT
        *, public.key_of(numerator, people, origin) AS key, public.key_of(denominator, everybody, origin) AS key_of_all
    FROM cell
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
-- Read twice, and dear: what is drawn for a figure is drawn once.
told AS MATERIALIZED (
    SELECT
        source, level, organisation, period_type, period_start, pathway, measure, kind, shown_of, months_submitted, state,
        public.rows_of_one(denominator, everybody, grain) AS rows_of_one,
        public.numerator(kind, grain, shown, shown_of, others, key, measure) AS told,
        public.average(kind, numerator, quantile, denominator, shown_of, everybody, key_of_all, people, error, grain) AS average
    FROM protected
),
listed AS (
    SELECT DISTINCT level, organisation, pathway
    FROM told
    WHERE told IS NOT NULL OR shown_of IS NOT NULL OR (level = 'provider' AND pathway = 'all')
)
SELECT
    t.source, t.level, t.organisation, t.period_type, t.period_start, t.pathway, t.measure, t.told AS numerator,
    t.shown_of AS denominator,
    CASE t.kind WHEN 'count' THEN t.told WHEN 'share' THEN public.rate_of_rows(t.told, t.shown_of, t.rows_of_one)
        ELSE t.average END AS value,
    t.months_submitted, public.state_with_figure(t.kind, t.told, t.shown_of, value, t.state) AS state
FROM told AS t
INNER JOIN listed AS l ON l.level = t.level AND l.organisation = t.organisation AND l.pathway = t.pathway

-- Columns of public.service_measure: Protected figures: one row per level, organisation, period, pathway and
--     measure. Every count has a small random error, England's too; figures of fewer than {smallest} people are
--     suppressed.
--   source, key: submitted (from the services' submissions) or published (NHS England's statistics).
--   level, key: England, region, ICB, sub-ICB, provider, or provider in sub-ICB.
--   organisation, key: ODS code; ENG: England; provider|sub-ICB; 'unknown': could not be placed.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
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
