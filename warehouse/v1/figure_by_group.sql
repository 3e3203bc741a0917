-- v1.figure_by_group
-- Grain: one row per level, organisation, period, pathway, breakdown, group and measure. Exact: not for publication.
CREATE OR REPLACE VIEW v1.figure_by_group AS
WITH known AS (
    SELECT kind, organisation, max(name) AS name
    FROM ref.organisation
    GROUP BY kind, organisation
)
SELECT
    f.level, f.organisation,
    CASE WHEN f.level = 'England' THEN 'England' ELSE coalesce(k.name, f.organisation) END AS organisation_name,
    f.period_type, f.period_start, f.pathway, f.breakdown, b.title AS breakdown_title, f.breakdown_group,
    coalesce(g.group_name, f.breakdown_group) AS group_name, f.measure, m.title, m.kind, m.unit, m.direction,
    f.numerator, f.denominator, mart.value_of(m.kind, f.numerator, f.denominator, NULL) AS value,
    mart.interval_low(m.kind, f.numerator, f.denominator, mart.z_95()) AS lower_95,
    mart.interval_high(m.kind, f.numerator, f.denominator, mart.z_95()) AS upper_95, f.months_submitted, f.state
FROM mart.breakdown_measure AS f
INNER JOIN mart.measure AS m ON m.measure = f.measure
INNER JOIN mart.breakdown AS b ON b.breakdown = f.breakdown
LEFT JOIN mart.breakdown_group AS g ON g.breakdown = f.breakdown AND g.breakdown_group = f.breakdown_group
LEFT JOIN known AS k ON k.kind = f.level AND k.organisation = f.organisation

-- Columns of v1.figure_by_group: One row per organisation, period, pathway, breakdown, group and measure. Counts are
--     exact: not for publication.
--   level, key: England, region, ICB, sub-ICB (by commissioner), provider, provider in sub-ICB, site.
--   organisation, key: Code of the organisation; ENG is England; 'unknown' what cannot be placed; provider|sub-ICB where
--       both.
--   organisation_name: Name; the code where no name is known.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   breakdown, key: What the groups are of: gender, age, ethnicity …
--   breakdown_title: Its title.
--   breakdown_group, key: Code of the group; 'not known' is a group of its own. Groups of one breakdown do not overlap.
--   group_name: Name of the group; the code where no name is declared.
--   measure, key: Id of the measure (v1.measure).
--   title: Short title of the measure.
--   kind: count, share, mean, median, p90 (90th centile), rate (of events) or day_rate (of days).
--   unit: What the value counts; share for a share.
--   direction: Which is better: higher, lower, or none.
--   numerator: Count of a count or share; sum of a mean; events or days of a rate.
--   denominator: Rows the value is of, person-days of a rate; NULL for a count.
--   value: numerator / denominator of a share or mean, else the numerator. Of a rate per person-year.
--   lower_95: Lower 95 % limit of value (Wilson of a share, Poisson of a count or rate); NULL for other kinds.
--   upper_95: Upper 95 % limit of value.
--   months_submitted [months]: Months of the period for which a provider of the organisation submitted.
--   state: value; no denominator (0 people); not submitted; not applicable.
