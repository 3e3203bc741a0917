-- mart.rate_ratio
-- Grain: one row per source, level, organisation, period, pathway, breakdown, group and share measure.
-- Each group's share against that of the reference group: of the groups that are known, the one with the largest
-- denominator in England in that period (of two equal ones the first code), the same for every organisation.
-- NULL where a share is 0, missing or has no denominator: the interval is calculated on the logarithm (Katz 1978).
CREATE VIEW mart.rate_ratio AS
WITH share AS (
    SELECT b.*
    FROM mart.breakdown_measure AS b
    INNER JOIN mart.measure AS m ON m.measure = b.measure
    WHERE m.kind = 'share'
),
ordered AS (
    SELECT
        source, period_type, period_start, pathway, breakdown, measure, breakdown_group,
        row_number() OVER (
            PARTITION BY source, period_type, period_start, pathway, breakdown, measure
            ORDER BY denominator DESC, breakdown_group) AS place
    FROM share
    WHERE level = 'England' AND breakdown_group <> 'not known' AND denominator > 0
)
SELECT
    s.source, s.level, s.organisation, s.period_type, s.period_start, s.pathway, s.breakdown, s.breakdown_group,
    s.measure, s.numerator, s.denominator, s.state, r.breakdown_group AS reference_group,
    r.numerator AS reference_numerator, r.denominator AS reference_denominator,
    CASE WHEN s.numerator > 0 AND r.numerator > 0
        THEN (s.numerator / s.denominator) / (r.numerator / r.denominator) END AS rate_ratio,
    mart.ratio_low(s.numerator, s.denominator, r.numerator, r.denominator, mart.z_95()) AS lower_95,
    mart.ratio_high(s.numerator, s.denominator, r.numerator, r.denominator, mart.z_95()) AS upper_95
FROM share AS s
LEFT JOIN ordered AS o
    ON o.source = s.source AND o.period_type = s.period_type AND o.period_start = s.period_start
    AND o.pathway = s.pathway AND o.breakdown = s.breakdown AND o.measure = s.measure AND o.place = 1
LEFT JOIN share AS r
    ON r.source = s.source AND r.level = s.level AND r.organisation = s.organisation
    AND r.period_type = s.period_type AND r.period_start = s.period_start AND r.pathway = s.pathway
    AND r.breakdown = s.breakdown AND r.measure = s.measure AND r.breakdown_group = o.breakdown_group

-- Columns of mart.rate_ratio: Equity: one row per organisation, period, breakdown group and share measure, the
--     group's share against that of the reference group.
--   source, key: submitted.
--   level, key: England, region, ICB, sub-ICB or provider.
--   organisation, key: Code of the organisation; ENG is England.
--   period_type, key: quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all'.
--   breakdown, key: Id of the breakdown (mart.breakdown).
--   breakdown_group, key: Code of the group.
--   measure, key: Id of the measure (mart.measure).
--   numerator: Count of the group.
--   denominator: Count the group's share is of.
--   state: value; no denominator; not submitted; not applicable.
--   reference_group: The known group with the largest denominator in England in that period.
--   reference_numerator: Count of the reference group at this organisation.
--   reference_denominator: Count its share is of.
--   rate_ratio: Share of the group / share of the reference group; NULL where either is 0 or missing.
--   lower_95: Lower 95 % limit of rate_ratio (Katz).
--   upper_95: Upper 95 % limit of rate_ratio.
