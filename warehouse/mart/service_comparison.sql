-- mart.service_comparison
-- Grain: one row per source, provider, period, pathway and measure, beside England. Never ranked.
-- The funnel stands around the value of all services, this one included, so that one picture holds them all; limits
-- are strict (on the limit is within). With few services a total that contains oneself says too little: there
-- national_value_without and the exact test against the rest count. Published provider counts are rounded to 5 and
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
        CASE WHEN is_placed THEN mart.funnel_low(national_value, denominator, 1.959963984540054) END AS low_95,
        CASE WHEN is_placed THEN mart.funnel_high(national_value, denominator, 1.959963984540054) END AS high_95,
        CASE WHEN is_placed THEN mart.funnel_low(national_value, denominator, 3.090232306167813) END AS low_998,
        CASE WHEN is_placed THEN mart.funnel_high(national_value, denominator, 3.090232306167813) END AS high_998
    FROM placed
)
SELECT
    source, provider, provider_name, period_type, period_start, pathway, measure, kind, numerator, denominator,
    state, value,
    CASE kind WHEN 'share' THEN mart.wilson_low(numerator, denominator, 1.959963984540054)
        WHEN 'count' THEN mart.count_low(numerator, 1.959963984540054) END AS lower_95,
    CASE kind WHEN 'share' THEN mart.wilson_high(numerator, denominator, 1.959963984540054)
        WHEN 'count' THEN mart.count_high(numerator, 1.959963984540054) END AS upper_95,
    CASE kind WHEN 'share' THEN mart.wilson_low(numerator, denominator, 3.090232306167813)
        WHEN 'count' THEN mart.count_low(numerator, 3.090232306167813) END AS lower_998,
    CASE kind WHEN 'share' THEN mart.wilson_high(numerator, denominator, 3.090232306167813)
        WHEN 'count' THEN mart.count_high(numerator, 3.090232306167813) END AS upper_998,
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
