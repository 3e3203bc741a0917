-- mart.service_comparison
-- Grain: one row per source, provider, period, pathway and measure, beside its peers and England. No ranks.
-- The funnel is centred on the share of all services of the peer group, this one included, so that one chart shows
-- them all. It has two forms. The adjusted one, to be read first, allows for the spread between services (tau): outside
-- it a service differs from other services. Outside the unadjusted one it differs from the centre by more than chance,
-- as most large services do. Limits are strict (on the limit is within). With few services the centre depends too much
-- on the service itself: use the exact test against the rest of the peer group. Published provider counts are rounded
-- to 5 and England's are not, so there both are approximations.
CREATE VIEW mart.service_comparison AS
WITH placed AS (
    SELECT
        c.*, e.numerator AS national_numerator, e.denominator AS national_denominator, e.value AS national_value,
        n.peer_numerator, n.peer_denominator, n.peer_value, coalesce(n.services, 0) AS services, n.phi, n.tau,
        n.comparison AS funnel_comparison, n.smallest_denominator,
        c.kind = 'share' AND c.state = 'value' AND c.is_complete AND c.denominator >= n.smallest_denominator
            AND n.services >= 10 AS is_placed
    FROM mart.provider_figure AS c
    LEFT JOIN mart.provider_figure AS e
        ON e.provider = 'ENG' AND e.source = c.source AND e.period_type = c.period_type
        AND e.period_start = c.period_start AND e.pathway = c.pathway AND e.measure = c.measure
    LEFT JOIN mart.funnel AS n
        ON n.source = c.source AND n.period_type = c.period_type AND n.period_start = c.period_start
        AND n.pathway = c.pathway AND n.measure = c.measure AND n.peer_group = c.peer_group
    WHERE c.provider <> 'ENG'
),
limited AS (
    SELECT
        *,
        CASE WHEN is_placed THEN mart.funnel_z(value, peer_value, denominator, tau) END AS z_adjusted,
        CASE WHEN is_placed THEN mart.funnel_z(value, peer_value, denominator, 0) END AS z,
        CASE WHEN is_placed THEN peer_value END AS centre
    FROM placed
)
SELECT
    source, provider, provider_name, period_type, period_start, pathway, measure, kind, numerator, denominator,
    state, value,
    mart.interval_low(kind, numerator, denominator, mart.z_95()) AS lower_95,
    mart.interval_high(kind, numerator, denominator, mart.z_95()) AS upper_95,
    mart.interval_low(kind, numerator, denominator, mart.z_998()) AS lower_998,
    mart.interval_high(kind, numerator, denominator, mart.z_998()) AS upper_998,
    national_numerator, national_denominator, national_value,
    CASE WHEN state NOT IN ('value', 'no denominator') OR national_denominator <= denominator THEN NULL
        WHEN kind IN ('share', 'mean', 'rate', 'day_rate')
            THEN mart.value_of(kind, national_numerator - numerator, national_denominator - denominator, NULL)
    END AS national_value_without,
    months, months_submitted, peer_group, peer_numerator, peer_denominator, peer_value, services,
    mart.funnel_position(z_adjusted) AS funnel_position_adjusted, z_adjusted,
    mart.funnel_low(centre, denominator, mart.z_95(), tau) AS funnel_lower_95_adjusted,
    mart.funnel_high(centre, denominator, mart.z_95(), tau) AS funnel_upper_95_adjusted,
    mart.funnel_low(centre, denominator, mart.z_998(), tau) AS funnel_lower_998_adjusted,
    mart.funnel_high(centre, denominator, mart.z_998(), tau) AS funnel_upper_998_adjusted, phi, tau,
    mart.funnel_position(z) AS funnel_position, z,
    mart.funnel_low(centre, denominator, mart.z_95(), 0) AS funnel_lower_95,
    mart.funnel_high(centre, denominator, mart.z_95(), 0) AS funnel_upper_95,
    mart.funnel_low(centre, denominator, mart.z_998(), 0) AS funnel_lower_998,
    mart.funnel_high(centre, denominator, mart.z_998(), 0) AS funnel_upper_998,
    CASE WHEN kind = 'share' AND is_complete AND services < 10
        THEN mart.p_against_rest(numerator, denominator, peer_numerator - numerator, peer_denominator - denominator)
    END AS p_against_rest,
    CASE WHEN state <> 'value' THEN NULL WHEN is_placed THEN funnel_comparison ELSE 'descriptive' END AS comparison,
    CASE WHEN state <> 'value' THEN state
        WHEN kind = 'count' THEN 'a plain count: services differ in size'
        WHEN kind = 'rate' THEN 'a rate of events: few people may have most of them'
        WHEN kind = 'day_rate' THEN 'a rate of days: those of one stay come together'
        WHEN kind <> 'share' THEN 'a ' || kind || ': its spread within the service is not known'
        WHEN peer_group IS NULL THEN 'several pathways: each is compared on its own'
        WHEN NOT is_complete AND months_submitted < months
            THEN months_submitted || ' of ' || months || ' months submitted'
        WHEN NOT is_complete THEN 'a month of a predecessor was not submitted'
        WHEN denominator < smallest_denominator THEN 'denominator under ' || smallest_denominator
        WHEN services < 30 THEN 'only ' || services || CASE services WHEN 1 THEN ' service' ELSE ' services' END
            || CASE WHEN services < 10 THEN ' with a complete period and a denominator of 20 or more'
                ELSE ': overdispersion is uncertain' END END AS why_not,
    published_rate
FROM limited

-- Columns of mart.service_comparison: One row per source, service, period, pathway and measure: its figure, its
--     interval, the value of England, and whether it differs from its peers. No ranks.
--   source, key: submitted (our own count), data quality, or published (NHS England's statistics).
--   provider, key: ODS code of the provider.
--   provider_name: Name of the provider; its code where no name is known.
--   period_type, key: month, quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   kind: count, share, mean, median, p90, rate (of events) or day_rate (of days).
--   numerator: Count; sum of a mean; NULL for a median or p90.
--   denominator: Count the share or mean is of; NULL for a plain count and where there is no value.
--   state: value; no denominator (0 people); not submitted; suppressed; not applicable; these are always
--       distinct.
--   value: numerator / denominator of a share or mean, the quantile of a median or p90, else the numerator.
--   lower_95: Lower 95 % limit of value: Wilson of a share; of a count exact below 10, of a rate below 100 events,
--       else Byar. NULL for means, medians and day_rates, whose spread is not known. Rows of one person, such as
--       contacts and answers, count as if they were independent: there limits and positions are too narrow.
--   upper_95: Upper 95 % limit of value.
--   lower_998: Lower 99.8 % limit of value.
--   upper_998: Upper 99.8 % limit of value.
--   national_numerator: Count for England.
--   national_denominator: Count the share for England is of.
--   national_value: Value of England, this service included.
--   national_value_without: Value of England without this service (shares and means); approximate for published
--       counts, which are rounded.
--   months [months]: Months of the period.
--   months_submitted [months]: Months of the period the service submitted; NULL for published figures.
--   peer_group: Services it is compared with: those of this pathway; all: those of the source; NULL where its 'all'
--       mixes pathways (mart.pathway_mix).
--   peer_numerator: Count of the peer group, this service included.
--   peer_denominator: Count the share of the peer group is of.
--   peer_value [share]: Share of the peer group: the centre of the funnel.
--   services [services]: Services in the funnel: a complete period and a denominator of 20 or more.
--   funnel_position_adjusted: The position to read first: below 99.8, below 95, within, above 95 or above 99.8 of the
--       limits that allow for the spread between services; on a limit is within. NULL under 10 services, under a
--       denominator of 20, for an incomplete period and for a mix of pathways: why_not says which.
--   z_adjusted [standard errors]: Distance from peer_value, the spread between services (tau) allowed for.
--   funnel_lower_95_adjusted [share]: Lower 95 % limit: peer_value - 1.96 x sqrt(p(1 - p) / denominator + tau^2), cut
--       off at 0.
--   funnel_upper_95_adjusted [share]: Upper 95 % limit, cut off at 1.
--   funnel_lower_998_adjusted [share]: Lower 99.8 % limit.
--   funnel_upper_998_adjusted [share]: Upper 99.8 % limit.
--   phi: Overdispersion of the funnel (mart.funnel).
--   tau [share]: Spread between services beyond chance (mart.funnel).
--   funnel_position: The same without the spread between services: whether chance alone explains the distance.
--   z [standard errors]: Distance from peer_value in standard errors of chance alone.
--   funnel_lower_95 [share]: Lower 95 % limit of chance alone around peer_value for this denominator.
--   funnel_upper_95 [share]: Upper 95 % limit.
--   funnel_lower_998 [share]: Lower 99.8 % limit.
--   funnel_upper_998 [share]: Upper 99.8 % limit.
--   p_against_rest [probability]: With fewer than 10 services: exact two-sided p that this service and the rest of its
--       peer group have the same share; under 0.002 is a difference at 99.8 %.
--   comparison: full (30 services or more), with caution (10 to 29), descriptive (not compared); NULL where there is
--       no value.
--   why_not: Why the comparison is not full, in words; NULL when it is.
--   published_rate [share]: Rate as published, computed by NHS England from exact counts and rounded.
