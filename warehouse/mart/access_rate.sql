-- mart.access_rate
-- Grain: one row per source, level of areas, organisation, period, pathway, breakdown with a population, and group.
-- People entering treatment (measure ACCESS) per 100,000 who live there, a year, and each group against the
-- reference group. A provider has no residents: people choose. A person who starts twice in a period enters twice.
-- Of each area the latest number by the first day of the period counts, else its first one. The residents of a merged
-- area are its successor's. Intervals: exact below 10, else Byar; of the ratio on the logarithm, with 1/x + 1/y.
CREATE VIEW mart.access_rate AS
WITH dated AS (
    SELECT
        t.period_type, t.period_start, p.current_organisation, p.breakdown, p.breakdown_group, p.as_of, p.persons,
        p.source, p.confidence,
        row_number() OVER (
            PARTITION BY t.period_type, t.period_start, p.organisation, p.breakdown, p.breakdown_group
            ORDER BY p.as_of <= t.period_start DESC,
                CASE WHEN p.as_of <= t.period_start THEN p.as_of END DESC, p.as_of) AS place
    FROM ref.population AS p
    CROSS JOIN ref.period AS t
),
resident AS (
    SELECT
        period_type, period_start, current_organisation AS organisation, breakdown, breakdown_group,
        CAST(sum(persons) AS BIGINT) AS persons, min(as_of) AS as_of,
        string_agg(DISTINCT source, '; ' ORDER BY source) AS source, max(confidence) AS confidence
    FROM dated
    WHERE place = 1
    GROUP BY period_type, period_start, current_organisation, breakdown, breakdown_group
),
entering AS (
    SELECT
        b.source, b.level, b.organisation, b.period_type, b.period_start, b.pathway, b.breakdown, b.breakdown_group,
        b.numerator AS entered, b.months_submitted, t.months, r.persons, r.as_of, r.source AS population_source,
        r.confidence, g.reference_group, r.persons * t.months / 12 AS person_years,
        CASE WHEN b.state <> 'value' THEN b.state WHEN coalesce(r.persons, 0) = 0 THEN 'no population'
            WHEN b.months_submitted < t.months THEN 'a month was not submitted' END AS why_not
    FROM mart.breakdown_measure AS b
    INNER JOIN ref.period AS t ON t.period_type = b.period_type AND t.period_start = b.period_start
    INNER JOIN mart.reference_group AS g ON g.breakdown = b.breakdown
    LEFT JOIN resident AS r
        ON r.period_type = b.period_type AND r.period_start = b.period_start AND r.organisation = b.organisation
        AND r.breakdown = b.breakdown AND r.breakdown_group = b.breakdown_group
    WHERE b.measure = 'ACCESS' AND b.level <> 'provider' AND b.breakdown IN (SELECT breakdown FROM ref.population)
)
SELECT
    e.source, e.level, e.organisation, e.period_type, e.period_start, e.pathway, e.breakdown, e.breakdown_group,
    e.entered, e.persons AS population, e.as_of AS population_as_of, e.population_source,
    e.confidence AS population_confidence, e.months, e.months_submitted, e.why_not,
    CASE WHEN e.why_not IS NULL THEN 100000 * e.entered / e.person_years END AS rate_per_100000,
    CASE WHEN e.why_not IS NULL
        THEN 100000 * mart.count_low(e.entered, mart.z_95()) / e.person_years END AS lower_95,
    CASE WHEN e.why_not IS NULL
        THEN 100000 * mart.count_high(e.entered, mart.z_95()) / e.person_years END AS upper_95,
    e.reference_group,
    CASE WHEN e.why_not IS NULL AND r.why_not IS NULL AND e.entered > 0 AND r.entered > 0
        THEN (e.entered / e.person_years) / (r.entered / r.person_years) END AS rate_ratio,
    CASE WHEN e.breakdown_group <> e.reference_group THEN rate_ratio * exp(-mart.z_95() * sqrt(1 / e.entered
        + 1 / r.entered)) END AS ratio_lower_95,
    CASE WHEN e.breakdown_group <> e.reference_group THEN rate_ratio * exp(mart.z_95() * sqrt(1 / e.entered
        + 1 / r.entered)) END AS ratio_upper_95
FROM entering AS e
LEFT JOIN entering AS r
    ON r.source = e.source AND r.level = e.level AND r.organisation = e.organisation
    AND r.period_type = e.period_type AND r.period_start = e.period_start AND r.pathway = e.pathway
    AND r.breakdown = e.breakdown AND r.breakdown_group = e.reference_group

-- Columns of mart.access_rate: People entering treatment per 100,000 of the population a year: one row per area,
--     period, pathway and group with a population. Empty where no population.csv was taken in.
--   source, key: submitted.
--   level, key: England, region, ICB or sub-ICB.
--   organisation, key: Code of the organisation; ENG is England.
--   period_type, key: month, quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all'.
--   breakdown, key: Id of the breakdown (mart.breakdown); of those in ref.population.
--   breakdown_group, key: Code of the group.
--   entered: People who had their first treatment contact in the period (measure ACCESS).
--   population: People of the group who live there; NULL where there is no number.
--   population_as_of [date]: Day for which that number holds, the first where several areas were merged.
--   population_source: Where the number is from.
--   population_confidence: F: found in the source; R: recalled or estimated.
--   months [months]: Months of the period.
--   months_submitted [months]: Months of the period for which a provider of the organisation submitted.
--   why_not: Why there is no rate: no population, a month was not submitted, or the state of the count.
--   rate_per_100000: entered per 100,000 of population and year.
--   lower_95: Lower 95 % limit of rate_per_100000.
--   upper_95: Upper 95 % limit of rate_per_100000.
--   reference_group: The group compared with (mart.reference_group).
--   rate_ratio: Rate of the group / rate of the reference group; NULL where one of them is 0 or missing.
--   ratio_lower_95: Lower 95 % limit of rate_ratio; NULL for the reference group.
--   ratio_upper_95: Upper 95 % limit of rate_ratio.
