-- mart.service_comparison
-- Grain: one row per source, provider, period, pathway and measure, beside England. No ranks.
-- The funnel is centred on the value of all services, this one included, so that one chart shows them all. Limits
-- are strict (on the limit is within). With few services, the total depends too much on the service itself: use
-- national_value_without and the exact test against the rest. Published provider counts are rounded to 5 and
-- England's are not, so there both are approximations.
CREATE VIEW mart.service_comparison AS
WITH placed AS (
    SELECT
        c.*, n.national_numerator, n.national_denominator, n.national_value, coalesce(n.services, 0) AS services,
        n.phi, n.tau, n.comparison AS funnel_comparison, n.smallest_denominator,
        n.national_numerator - c.numerator AS rest_numerator,
        n.national_denominator - c.denominator AS rest_denominator,
        c.kind = 'share' AND c.state = 'value' AND c.denominator >= n.smallest_denominator AND n.services >= 10
            AS is_placed
    FROM mart.provider_figure AS c
    LEFT JOIN mart.funnel AS n
        ON n.source = c.source AND n.period_type = c.period_type AND n.period_start = c.period_start
        AND n.pathway = c.pathway AND n.measure = c.measure
    WHERE c.provider <> 'ENG'
),
limited AS (
    SELECT
        *,
        CASE WHEN is_placed THEN mart.funnel_low(national_value, denominator, mart.z_95()) END AS low_95,
        CASE WHEN is_placed THEN mart.funnel_high(national_value, denominator, mart.z_95()) END AS high_95,
        CASE WHEN is_placed THEN mart.funnel_low(national_value, denominator, mart.z_998()) END AS low_998,
        CASE WHEN is_placed THEN mart.funnel_high(national_value, denominator, mart.z_998()) END AS high_998
    FROM placed
)
SELECT
    source, provider, provider_name, period_type, period_start, pathway, measure, kind, numerator, denominator,
    state, value,
    CASE kind WHEN 'share' THEN mart.wilson_low(numerator, denominator, mart.z_95())
        WHEN 'count' THEN mart.count_low(numerator, mart.z_95()) END AS lower_95,
    CASE kind WHEN 'share' THEN mart.wilson_high(numerator, denominator, mart.z_95())
        WHEN 'count' THEN mart.count_high(numerator, mart.z_95()) END AS upper_95,
    CASE kind WHEN 'share' THEN mart.wilson_low(numerator, denominator, mart.z_998())
        WHEN 'count' THEN mart.count_low(numerator, mart.z_998()) END AS lower_998,
    CASE kind WHEN 'share' THEN mart.wilson_high(numerator, denominator, mart.z_998())
        WHEN 'count' THEN mart.count_high(numerator, mart.z_998()) END AS upper_998,
    national_numerator, national_denominator, national_value,
    CASE WHEN kind IN ('share', 'mean') AND state IN ('value', 'no denominator') AND rest_denominator > 0
        THEN rest_numerator / rest_denominator END AS national_value_without,
    services, low_95 AS funnel_lower_95, high_95 AS funnel_upper_95, low_998 AS funnel_lower_998,
    high_998 AS funnel_upper_998,
    CASE WHEN NOT is_placed THEN NULL
        WHEN value < low_998 THEN 'below 99.8' WHEN value > high_998 THEN 'above 99.8'
        WHEN value < low_95 THEN 'below 95' WHEN value > high_95 THEN 'above 95'
        WHEN low_95 IS NOT NULL THEN 'within' END AS funnel_position,
    CASE WHEN is_placed THEN mart.funnel_z(value, national_value, denominator, 0) END AS z,
    CASE WHEN is_placed THEN mart.funnel_z(value, national_value, denominator, tau) END AS z_adjusted, phi, tau,
    CASE WHEN kind = 'share' AND services < 10
        THEN mart.p_against_rest(numerator, denominator, rest_numerator, rest_denominator) END AS p_against_rest,
    CASE WHEN state <> 'value' THEN NULL WHEN is_placed THEN funnel_comparison ELSE 'descriptive' END AS comparison,
    CASE WHEN state <> 'value' THEN state
        WHEN kind = 'count' THEN 'a plain count: services differ in size'
        WHEN kind <> 'share' THEN 'a ' || kind || ': its spread within the service is not known'
        WHEN denominator < smallest_denominator THEN 'denominator under ' || smallest_denominator
        WHEN services < 10 THEN 'only ' || services || ' services with a denominator of 20 or more'
        WHEN services < 30 THEN 'only ' || services || ' services: overdispersion is uncertain' END AS why_not,
    published_rate
FROM limited

-- Columns of mart.service_comparison: One row per source, service, period, pathway and measure: its figure, its
--     interval, the value of England, and whether they differ. No ranks.
--   source, key: submitted (our own count) or published (NHS England's statistics).
--   provider, key: ODS code of the provider.
--   provider_name: Name of the provider; its code where no name is known.
--   period_type, key: month, quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   kind: count, share, mean, median or p90.
--   numerator: Count; sum of a mean; NULL for a median or p90.
--   denominator: Count the share or mean is of; NULL for a plain count and where there is no value.
--   state: value; no denominator (0 people); not submitted; suppressed; not applicable; these are always
--       distinct.
--   value: numerator / denominator of a share or mean, the quantile of a median or p90, else the numerator.
--   lower_95: Lower 95 % limit of value: Wilson of a share; of a count exact below 10, else Byar. NULL for means
--       and medians, whose spread is not known.
--   upper_95: Upper 95 % limit of value.
--   lower_998: Lower 99.8 % limit of value.
--   upper_998: Upper 99.8 % limit of value.
--   national_numerator: Count for England.
--   national_denominator: Count the share for England is of.
--   national_value: Value of England, this service included: the centre of the funnel.
--   national_value_without: Value of England without this service (shares and means); approximate for published
--       counts, which are rounded.
--   services [services]: Services in the funnel: a share with a denominator of 20 or more.
--   funnel_lower_95 [share]: Lower 95 % funnel limit around national_value for this denominator. NULL under 10
--       services or a denominator of 20.
--   funnel_upper_95 [share]: Upper 95 % funnel limit.
--   funnel_lower_998 [share]: Lower 99.8 % funnel limit.
--   funnel_upper_998 [share]: Upper 99.8 % funnel limit.
--   funnel_position: below 99.8, below 95, within, above 95 or above 99.8; on a limit is within.
--   z [standard errors]: Distance from national_value in standard errors of the funnel.
--   z_adjusted [standard errors]: The same with the spread between services (tau) added: a service that differs
--       from other services, not only from chance.
--   phi: Overdispersion of the funnel (mart.funnel).
--   tau [share]: Spread between services beyond chance (mart.funnel).
--   p_against_rest [probability]: With fewer than 10 services: exact two-sided p that this service and the rest
--       have the same share; under 0.002 is a difference at 99.8 %.
--   comparison: full (30 services or more), with caution (10 to 29), descriptive (too few to compare); NULL where
--       there is no value.
--   why_not: Why the comparison is not full, in words; NULL when it is.
--   published_rate [share]: Rate as published, computed by NHS England from exact counts and rounded.
