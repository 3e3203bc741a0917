-- public.service_comparison
-- Grain: one row per source, provider, period, pathway and measure that is a share, beside England.
-- Interval and position follow from what public shows, and from nothing else: the funnel (work.public_funnel) is the
-- model mart.funnel on the figures shown. A position is given only where every count that the one shown is likely to
-- stand for has the same. So it is that of the exact counts, and says no more about them than the counts shown do. A
-- position decided on exact counts would say on which side of a limit they are.
CREATE TABLE public.service_comparison AS
WITH placed AS (
    SELECT f.*, u.services, u.tau, u.peer_value,
        f.shown_value IS NOT NULL AND f.is_complete AND u.services >= 10 AND f.margin IS NOT NULL AS is_placed
    FROM work.public_figure AS f
    LEFT JOIN work.public_funnel AS u
        ON u.source = f.source AND u.period_type = f.period_type AND u.period_start = f.period_start
        AND u.pathway = f.pathway AND u.measure = f.measure AND u.peer_group = f.peer_group
    WHERE f.provider <> 'ENG'
),
corner AS (
    SELECT p.source, p.provider, p.period_type, p.period_start, p.pathway, p.measure, p.peer_value, p.tau,
        p.denominator + e.below * p.margin AS n,
        least(1, (p.numerator + e.above * p.margin) / (p.denominator + e.below * p.margin)) AS share
    FROM placed AS p
    CROSS JOIN (VALUES (-1, -1), (-1, 1), (1, -1), (1, 1)) AS e(above, below)
    WHERE p.is_placed
),
reach AS (
    SELECT source, provider, period_type, period_start, pathway, measure,
        min(mart.funnel_z(share, peer_value, n, tau)) AS least_adjusted,
        max(mart.funnel_z(share, peer_value, n, tau)) AS most_adjusted,
        min(mart.funnel_z(share, peer_value, n, 0)) AS least, max(mart.funnel_z(share, peer_value, n, 0)) AS most
    FROM corner
    GROUP BY source, provider, period_type, period_start, pathway, measure
),
told AS (
    SELECT p.*, n.numerator AS national_numerator, n.denominator AS national_denominator, n.value AS national_value,
        CASE WHEN mart.funnel_position(r.least_adjusted) = mart.funnel_position(r.most_adjusted)
            THEN mart.funnel_position(r.least_adjusted) END AS funnel_position_adjusted,
        CASE WHEN mart.funnel_position(r.least) = mart.funnel_position(r.most)
            THEN mart.funnel_position(r.least) END AS funnel_position
    FROM placed AS p
    LEFT JOIN reach AS r
        ON r.source = p.source AND r.provider = p.provider AND r.period_type = p.period_type
        AND r.period_start = p.period_start AND r.pathway = p.pathway AND r.measure = p.measure
    LEFT JOIN public.national AS n
        ON n.source = p.source AND n.period_type = p.period_type AND n.period_start = p.period_start
        AND n.pathway = p.pathway AND n.measure = p.measure
)
SELECT
    source, provider, provider_name, period_type, period_start, pathway, measure, numerator, denominator,
    shown_state AS state, shown_value AS value,
    CASE WHEN shown_value IS NOT NULL THEN mart.wilson_low(numerator, denominator, mart.z_95()) END AS lower_95,
    CASE WHEN shown_value IS NOT NULL THEN mart.wilson_high(numerator, denominator, mart.z_95()) END AS upper_95,
    national_numerator, national_denominator, national_value, months, months_submitted,
    funnel_position_adjusted, funnel_position, coalesce(services, 0) AS services, tau,
    CASE WHEN shown_value IS NULL THEN 'no rate'
        WHEN peer_group IS NULL THEN 'all pathways together: each is compared on its own'
        WHEN NOT is_complete THEN 'a month of the period was not submitted'
        WHEN services < 10 THEN 'fewer than 10 services with a rate'
        WHEN margin IS NULL THEN 'the measure does not count people'
        WHEN funnel_position_adjusted IS NULL OR funnel_position IS NULL THEN 'too close to a limit to publish'
    END AS why_no_position
FROM told

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
--   state: value; no rate (counts shown, too few for a value); suppressed (fewer than {smallest} people
--       counted); not submitted; not applicable.
--   value [share]: numerator / denominator of this row as shown; NULL where the denominator is of fewer than
--       {rate_from} people.
--   lower_95 [share]: Lower 95 % Wilson limit of value, from the counts shown.
--   upper_95 [share]: Upper 95 % Wilson limit of value, from the counts shown.
--   national_numerator: Count for England, as shown.
--   national_denominator: Count England's share is of, as shown.
--   national_value [share]: national_numerator / national_denominator as shown: the centre of the funnel.
--   months [months]: Months of the period.
--   months_submitted [months]: Months of the period the service submitted; NULL for published figures.
--   funnel_position_adjusted: The position to read first: within; above or below 95; above or below 99.8 of the limits
--       that allow for the spread between services. NULL where why_no_position says so.
--   funnel_position: The same against the limits of chance alone.
--   services [services]: Services in the funnel: with a rate and a complete period.
--   tau [share]: Spread between services beyond chance, from the rates shown; NULL under 10 services.
--   why_no_position: Why a position is NULL; too close to a limit to publish: counts that the ones shown may stand for
--       lie on both sides of a limit.
