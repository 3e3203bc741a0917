-- public.service_measure
-- Grain: one row per level, organisation, period, pathway and measure.
-- The sum behind a mean is not published. Even the existence of a pathway at an organisation can reveal one
-- person: unless it is a provider's 'all', it is listed only where some figure of it is shown. Sites are not
-- published.
CREATE TABLE public.service_measure AS
WITH protected AS (
    SELECT
        s.source, s.level, s.organisation, s.period_type, s.period_start, s.pathway, s.measure, m.kind,
        public.numerator(m.kind, s.numerator) AS numerator,
        public.denominator(m.kind, s.denominator) AS denominator,
        public.average(m.kind, s.numerator, s.quantile, s.denominator) AS average,
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

-- Columns of public.service_measure: Protected figures: one row per level, organisation, period, pathway and
--     measure. Counts under {smallest} are suppressed, others to the nearest {base}, England included.
--   source, key: submitted (from the services' submissions) or published (NHS England's statistics).
--   level, key: England, region, ICB, sub-ICB, provider, or provider in sub-ICB.
--   organisation, key: ODS code; ENG: England; provider|sub-ICB; 'unknown': could not be placed.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
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
