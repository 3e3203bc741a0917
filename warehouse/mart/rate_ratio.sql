-- mart.rate_ratio
-- Grain: one row per source, level, organisation, period, pathway, breakdown into groups of people, group and share.
-- Each group's share against that of the reference group, which is the same for all measures, places and periods
-- (mart.reference_group). Its own ratio is 1 and has no interval. Questions, instruments and therapies are not groups
-- of people: the same person is in several, so their breakdowns have no rows here.
-- NULL where a share is 0, missing or has no denominator: the interval is calculated on the logarithm (Katz 1978). It
-- is right for rows that are one a person, so contacts, activities, logs, scores and answers have none.
CREATE VIEW mart.rate_ratio AS
WITH share AS (
    SELECT b.*, g.reference_group, m.grain
    FROM mart.breakdown_measure AS b
    INNER JOIN mart.measure AS m ON m.measure = b.measure
    INNER JOIN mart.reference_group AS g ON g.breakdown = b.breakdown
    WHERE m.kind = 'share'
),
compared AS (
    SELECT
        s.*, r.numerator AS reference_numerator, r.denominator AS reference_denominator,
        CASE WHEN s.numerator > 0 AND r.numerator > 0
            THEN (s.numerator / s.denominator) / (r.numerator / r.denominator) END AS rate_ratio,
        s.breakdown_group <> s.reference_group AND s.grain IN ('pathway', 'caseload') AS has_interval
    FROM share AS s
    LEFT JOIN share AS r
        ON r.source = s.source AND r.level = s.level AND r.organisation = s.organisation
        AND r.period_type = s.period_type AND r.period_start = s.period_start AND r.pathway = s.pathway
        AND r.breakdown = s.breakdown AND r.measure = s.measure AND r.breakdown_group = s.reference_group
)
SELECT
    source, level, organisation, period_type, period_start, pathway, breakdown, breakdown_group, measure, numerator,
    denominator, state, reference_group, reference_numerator, reference_denominator,
    CASE WHEN breakdown_group = reference_group THEN 'reference' WHEN rate_ratio IS NULL THEN 'no ratio'
        WHEN has_interval THEN 'compared' ELSE 'compared without interval' END AS comparison,
    rate_ratio,
    CASE WHEN has_interval THEN mart.ratio_low(
        numerator, denominator, reference_numerator, reference_denominator, mart.z_95()) END AS lower_95,
    CASE WHEN has_interval THEN mart.ratio_high(
        numerator, denominator, reference_numerator, reference_denominator, mart.z_95()) END AS upper_95
FROM compared

-- Columns of mart.rate_ratio: Equity: one row per organisation, period, breakdown group and share measure, the
--     group's share against that of the reference group.
--   source, key: submitted.
--   level, key: England, region, ICB, sub-ICB or provider.
--   organisation, key: Code of the organisation; ENG is England.
--   period_type, key: month, quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all'.
--   breakdown, key: Id of the breakdown (mart.breakdown); of those with parts_people only.
--   breakdown_group, key: Code of the group.
--   measure, key: Id of the measure (mart.measure).
--   numerator: Count of the group.
--   denominator: Count the group's share is of.
--   state: value; no denominator; not submitted; not applicable.
--   reference_group: The group compared with (mart.reference_group): the least deprived, or the largest of all months.
--   reference_numerator: Count of the reference group at this organisation.
--   reference_denominator: Count its share is of.
--   comparison: reference: the group compared with, whose ratio is 1 and has no interval; compared; compared without
--       interval: a person has several of the rows counted; no ratio: a share is 0 or missing.
--   rate_ratio: Share of the group / share of the reference group; NULL where either is 0 or missing.
--   lower_95: Lower 95 % limit of rate_ratio (Katz); NULL without an interval.
--   upper_95: Upper 95 % limit of rate_ratio.
