-- mart.funnel
-- Grain: one row per source, period, pathway and measure: what its services are compared with.
-- Shares only have a funnel. A service enters it with a denominator of 20 or more: below, a share is too coarse
-- for normal limits. phi is the mean of squared z after winsorising (10 % of services at each end set to the
-- quantile, type 7); tau what is left of it as a standard deviation between services, on the scale of the share
-- (additive random effects, Spiegelhalter 2005). Under 10 services, 10 % rounds to none: neither is computed.
CREATE TABLE mart.funnel AS
WITH england AS (
    SELECT source, period_type, period_start, pathway, measure, kind, numerator, denominator, value
    FROM mart.provider_figure
    WHERE provider = 'ENG'
),
service AS (
    SELECT
        f.source, f.period_type, f.period_start, f.pathway, f.measure, f.denominator AS n,
        CAST(mart.funnel_z(f.value, e.value, f.denominator, 0) AS DECIMAL(18, 9)) AS z
    FROM mart.provider_figure AS f
    INNER JOIN england AS e
        ON e.source = f.source AND e.period_type = f.period_type AND e.period_start = f.period_start
        AND e.pathway = f.pathway AND e.measure = f.measure
    WHERE f.provider <> 'ENG' AND f.kind = 'share' AND f.state = 'value' AND f.denominator >= 20
),
edge AS (
    SELECT
        source, period_type, period_start, pathway, measure, count(z) AS services,
        mart.quantile_7(z, 0.1) AS low, mart.quantile_7(z, 0.9) AS high
    FROM service
    WHERE z IS NOT NULL
    GROUP BY source, period_type, period_start, pathway, measure
),
-- Σw and Σw² with w = n / p(1 − p) are whole numbers except for the factor: weight is (Σn − Σn² / Σn).
spread AS (
    SELECT
        s.source, s.period_type, s.period_start, s.pathway, s.measure, e.services,
        sum(CAST(pow(greatest(e.low, least(e.high, s.z)), 2) AS DECIMAL(38, 12))) / e.services AS phi,
        sum(s.n) - sum(s.n * s.n) / sum(s.n) AS weight
    FROM service AS s
    INNER JOIN edge AS e
        ON e.source = s.source AND e.period_type = s.period_type AND e.period_start = s.period_start
        AND e.pathway = s.pathway AND e.measure = s.measure
    WHERE s.z IS NOT NULL
    GROUP BY s.source, s.period_type, s.period_start, s.pathway, s.measure, e.services
)
SELECT
    e.source, e.period_type, e.period_start, e.pathway, e.measure, e.kind,
    e.numerator AS national_numerator, e.denominator AS national_denominator, e.value AS national_value,
    20 AS smallest_denominator, coalesce(s.services, 0) AS services,
    CASE WHEN s.services >= 10 THEN s.phi END AS phi,
    CASE WHEN s.services >= 10
        THEN sqrt(greatest(0, (s.services * s.phi - (s.services - 1)) * e.value * (1 - e.value) / s.weight))
    END AS tau,
    CASE WHEN s.services >= 30 THEN 'full' WHEN s.services >= 10 THEN 'with caution' ELSE 'descriptive' END
        AS comparison
FROM england AS e
LEFT JOIN spread AS s
    ON s.source = e.source AND s.period_type = e.period_type AND s.period_start = e.period_start
    AND s.pathway = e.pathway AND s.measure = e.measure

-- Columns of mart.funnel: One row per source, period, pathway and measure: England, and how far services spread
--     around it.
--   source, key: submitted (our own count) or published (NHS England's statistics).
--   period_type, key: month, quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   kind: count, share, mean, median or p90.
--   national_numerator: Count for England.
--   national_denominator: Count the share for England is of.
--   national_value: Value of England.
--   smallest_denominator [people]: Denominator from which on a service enters the funnel.
--   services [services]: Services in the funnel: a share with a denominator of smallest_denominator or more.
--   phi: Overdispersion: mean of squared z, winsorised at 10 % of services at each end. About 1: chance alone; NULL
--       under 10 services.
--   tau [share]: Standard deviation between services beyond chance (additive); 0 when phi is about 1 or less. NULL
--       under 10 services.
--   comparison: full (30 services or more), with caution (10 to 29), descriptive (fewer).
