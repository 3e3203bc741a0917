-- mart.slope_index
-- Grain: one row per source, level, organisation, period, pathway and share with deciles of deprivation.
-- Slope index of inequality (OHID, WHO): the line through the shares of the deciles, each weighted by its people and
-- placed at the middle of its part of them, from 0 (most deprived) to 1 (least). The index is the line at 1 minus the
-- line at 0; the relative index is the first divided by the second, with its interval on the logarithm.
-- The line is linear in the shares, so its standard error follows from theirs: OHID draws the shares 100,000 times,
-- this is what that approaches. The variance of a share is m (1 - m) / n with the middle m of its Wilson interval: never
-- 0, and of a slope of 0 it calls 1 to 6 in 100 different from 0 even with two people a decile.
-- Sums are of decimals: floating point in another order gives other digits. Where a person has several of the rows
-- counted there is no interval, as in mart.rate_ratio.
CREATE VIEW mart.slope_index AS
WITH counted AS (
    SELECT
        b.*, m.grain IN ('pathway', 'caseload') AS has_interval, b.breakdown_group = 'not known' AS is_unknown,
        CASE WHEN b.breakdown_group <> 'not known' AND b.denominator > 0
            THEN CAST(b.breakdown_group AS INTEGER) END AS decile
    FROM mart.breakdown_measure AS b
    INNER JOIN mart.measure AS m ON m.measure = b.measure
    WHERE m.kind = 'share' AND b.breakdown = 'deprivation_decile'
),
ranked AS (
    SELECT
        *, sum(denominator) FILTER (WHERE decile IS NOT NULL) OVER place AS people,
        sum(denominator) FILTER (WHERE decile IS NOT NULL) OVER (
            PARTITION BY source, level, organisation, period_type, period_start, pathway, measure
            ORDER BY decile NULLS LAST) AS people_to_here,
        (numerator + pow(mart.z_95(), 2) / 2) / (denominator + pow(mart.z_95(), 2)) AS wilson_middle
    FROM counted
    WINDOW place AS (PARTITION BY source, level, organisation, period_type, period_start, pathway, measure)
),
placed AS (
    SELECT
        *, numerator / people AS share_of_all, denominator / people AS weight,
        (people_to_here - denominator / 2) / people - 0.5 AS distance,
        wilson_middle * (1 - wilson_middle) / nullif(denominator, 0) AS variance
    FROM ranked
),
summed AS (
    SELECT
        source, level, organisation, period_type, period_start, pathway, measure,
        bool_and(has_interval) AS has_interval, count(decile) AS deciles, max(people) AS people, sum(denominator) FILTER (WHERE is_unknown) AS not_known,
        sum(CAST(share_of_all AS DECIMAL(38, 20))) FILTER (WHERE decile IS NOT NULL) AS middle,
        sum(CAST(share_of_all * distance AS DECIMAL(38, 20))) FILTER (WHERE decile IS NOT NULL) AS cross_product,
        sum(CAST(weight * distance * distance AS DECIMAL(38, 20))) FILTER (WHERE decile IS NOT NULL) AS spread,
        sum(CAST(weight * weight * variance AS DECIMAL(38, 20))) FILTER (WHERE decile IS NOT NULL) AS v_middle,
        sum(CAST(weight * weight * variance * distance AS DECIMAL(38, 20))) FILTER (WHERE decile IS NOT NULL)
            AS v_both,
        sum(CAST(pow(weight * distance, 2) * variance AS DECIMAL(38, 20))) FILTER (WHERE decile IS NOT NULL)
            AS v_slope
    FROM placed
    GROUP BY source, level, organisation, period_type, period_start, pathway, measure
),
fitted AS (
    SELECT
        *, cross_product / spread AS slope, middle - cross_product / spread / 2 AS low_end,
        middle + cross_product / spread / 2 AS high_end, sqrt(v_slope) / spread AS slope_error,
        v_middle + v_slope / pow(spread, 2) / 4 AS v_end, v_both / spread AS v_shift
    FROM summed
    WHERE deciles >= 5
),
related AS (
    SELECT
        *, CASE WHEN low_end > 0 AND high_end > 0 THEN high_end / low_end END AS ratio,
        sqrt(greatest(0, (v_end + v_shift) / pow(high_end, 2) + (v_end - v_shift) / pow(low_end, 2)
            - 2 * (v_middle - v_slope / pow(spread, 2) / 4) / (low_end * high_end))) AS ratio_error
    FROM fitted
)
SELECT
    s.source, s.level, s.organisation, s.period_type, s.period_start, s.pathway, s.measure, s.deciles,
    coalesce(s.people, 0) AS people, coalesce(s.not_known, 0) AS not_known,
    CASE WHEN s.deciles < 5 THEN 'fewer than 5 deciles have anybody' END AS why_not,
    r.low_end AS most_deprived, r.high_end AS least_deprived, r.slope AS slope_index,
    CASE WHEN s.has_interval THEN r.slope - mart.z_95() * r.slope_error END AS lower_95,
    CASE WHEN s.has_interval THEN r.slope + mart.z_95() * r.slope_error END AS upper_95,
    r.ratio AS relative_index,
    CASE WHEN s.has_interval THEN r.ratio * exp(-mart.z_95() * r.ratio_error) END AS relative_lower_95,
    CASE WHEN s.has_interval THEN r.ratio * exp(mart.z_95() * r.ratio_error) END AS relative_upper_95
FROM summed AS s
LEFT JOIN related AS r USING (source, level, organisation, period_type, period_start, pathway, measure)

-- Columns of mart.slope_index: Inequality over deprivation: one row per organisation, period, pathway and share measure
--     with a breakdown by decile of deprivation.
--   source, key: submitted.
--   level, key: England, region, ICB, sub-ICB or provider.
--   organisation, key: Code of the organisation; ENG is England.
--   period_type, key: month, quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all'.
--   measure, key: Id of the measure (mart.measure).
--   deciles: Deciles that have anybody in the denominator.
--   people: Denominator of these deciles together.
--   not_known: Denominator without a known decile, which is left out.
--   why_not: Why there is no index: fewer than 5 deciles have anybody; NULL where there is one.
--   most_deprived [share]: The line at the most deprived end.
--   least_deprived [share]: The line at the least deprived end.
--   slope_index [share]: least_deprived - most_deprived: above 0 where the share is higher among the least deprived.
--   lower_95 [share]: Lower 95 % limit of slope_index; NULL where a person has several of the rows counted.
--   upper_95 [share]: Upper 95 % limit of slope_index.
--   relative_index: least_deprived / most_deprived; NULL where one of them is not above 0.
--   relative_lower_95: Lower 95 % limit of relative_index.
--   relative_upper_95: Upper 95 % limit of relative_index.
