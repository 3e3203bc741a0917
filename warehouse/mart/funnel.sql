-- mart.funnel
-- Grain: one row per source, period, pathway, share and peer group: what its services are compared with.
-- The centre of a pathway is England's share. Of submitted 'all' there is one funnel for each kind of care: its centre
-- is the share of all services whose 'all' is of that pathway (mart.pathway_mix).
-- A service enters a funnel with a denominator of 20 or more (below, a share is too coarse for normal limits) and a
-- complete period. phi is the mean of squared z after winsorising (10 % of services at each end set to the quantile,
-- type 7); tau what is left of it as a standard deviation between services, on the scale of the share (additive
-- random effects, Spiegelhalter 2005). Under 10 services, 10 % rounds to none: neither is computed.
CREATE TABLE mart.funnel AS
WITH share AS (
    SELECT source, provider, period_type, period_start, pathway, measure, peer_group, numerator, denominator, value,
        state = 'value' AND is_complete AND denominator >= 20 AS is_compared
    FROM mart.provider_figure
    WHERE kind = 'share'
),
centre AS (
    SELECT source, period_type, period_start, pathway, measure,
        CASE source WHEN 'submitted' THEN pathway ELSE 'all' END AS peer_group, numerator, denominator, value
    FROM share
    WHERE provider = 'ENG' AND NOT (source = 'submitted' AND pathway = 'all')
    UNION ALL
    SELECT source, period_type, period_start, pathway, measure, peer_group, CAST(sum(numerator) AS BIGINT),
        CAST(sum(denominator) AS BIGINT), sum(numerator) / nullif(sum(denominator), 0)
    FROM share
    WHERE provider <> 'ENG' AND source = 'submitted' AND pathway = 'all' AND peer_group IS NOT NULL
    GROUP BY source, period_type, period_start, pathway, measure, peer_group
),
-- A number for the six texts: what follows takes a third of the time.
numbered AS MATERIALIZED (
    SELECT CAST(row_number() OVER () AS INTEGER) AS funnel, *
    FROM centre
),
service AS (
    SELECT
        e.funnel, f.denominator AS n,
        CAST(mart.funnel_z(f.value, e.value, f.denominator, 0) AS DECIMAL(18, 9)) AS z
    FROM share AS f
    INNER JOIN numbered AS e
        ON e.source = f.source AND e.period_type = f.period_type AND e.period_start = f.period_start
        AND e.pathway = f.pathway AND e.measure = f.measure AND e.peer_group = f.peer_group
    WHERE f.provider <> 'ENG' AND f.is_compared
),
edge AS (
    SELECT funnel, count(z) AS services, mart.quantile_7(z, 0.1) AS low, mart.quantile_7(z, 0.9) AS high
    FROM service
    WHERE z IS NOT NULL
    GROUP BY funnel
),
-- Σw and Σw² with w = n / p(1 − p) are whole numbers except for the factor: weight is (Σn − Σn² / Σn).
spread AS (
    SELECT
        s.funnel, e.services,
        sum(CAST(pow(greatest(e.low, least(e.high, s.z)), 2) AS DECIMAL(38, 12))) / e.services AS phi,
        sum(s.n) - sum(s.n * s.n) / sum(s.n) AS weight
    FROM service AS s
    INNER JOIN edge AS e ON e.funnel = s.funnel
    WHERE s.z IS NOT NULL
    GROUP BY s.funnel, e.services
)
SELECT
    e.source, e.period_type, e.period_start, e.pathway, e.measure, e.peer_group, e.numerator AS peer_numerator,
    e.denominator AS peer_denominator, e.value AS peer_value, 20 AS smallest_denominator,
    coalesce(s.services, 0) AS services, CASE WHEN s.services >= 10 THEN s.phi END AS phi,
    CASE WHEN s.services >= 10
        THEN sqrt(greatest(0, (s.services * s.phi - (s.services - 1)) * e.value * (1 - e.value) / s.weight))
    END AS tau,
    CASE WHEN s.services >= 30 THEN 'full' WHEN s.services >= 10 THEN 'with caution' ELSE 'descriptive' END
        AS comparison
FROM numbered AS e
LEFT JOIN spread AS s ON s.funnel = e.funnel

-- Columns of mart.funnel: One row per source, period, pathway, measure that is a share, and peer group: the share of
--     all of them, and how far services spread around it.
--   source, key: submitted (our own count), data quality, or published (NHS England's statistics).
--   period_type, key: month, quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   peer_group, key: Services that are compared with each other: those of this pathway; all: those of the source.
--   peer_numerator: Count of the peer group; of a pathway, England's.
--   peer_denominator: Count its share is of.
--   peer_value [share]: Share of the peer group: the centre of the funnel.
--   smallest_denominator [people]: Denominator from which on a service enters the funnel.
--   services [services]: Services in the funnel: a complete period and a denominator of smallest_denominator or more.
--   phi: Overdispersion: mean of squared z, winsorised at 10 % of services at each end. About 1: chance alone; NULL
--       under 10 services.
--   tau [share]: Standard deviation between services beyond chance (additive); 0 when phi is about 1 or less. NULL
--       under 10 services.
--   comparison: full (30 services or more), with caution (10 to 29), descriptive (fewer).
