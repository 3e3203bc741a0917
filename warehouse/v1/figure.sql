-- v1.figure
-- Grain: one row per level, organisation, period, pathway and measure. Exact: not for publication.
CREATE OR REPLACE VIEW v1.figure AS
WITH known AS (
    SELECT kind, organisation, max(name) AS name
    FROM ref.organisation
    GROUP BY kind, organisation
)
SELECT
    f.level, f.organisation,
    CASE WHEN f.level = 'England' THEN 'England' ELSE coalesce(k.name, f.organisation) END AS organisation_name,
    f.period_type, f.period_start, f.pathway, f.measure, m.title, m.kind, m.unit, m.direction, f.numerator,
    f.denominator, mart.value_of(m.kind, f.numerator, f.denominator, f.quantile) AS value,
    mart.interval_low(m.kind, f.numerator, f.denominator, mart.z_95()) AS lower_95,
    mart.interval_high(m.kind, f.numerator, f.denominator, mart.z_95()) AS upper_95, f.months_submitted, f.state
FROM mart.service_measure AS f
INNER JOIN mart.measure AS m ON m.measure = f.measure
LEFT JOIN known AS k ON k.kind = f.level AND k.organisation = f.organisation

-- Columns of v1.figure: One row per organisation, period, pathway and measure, England included; every organisation
--     keeps its row in every period. Counts are exact: not for publication.
--   level, key: England, region, ICB, sub-ICB (by commissioner), provider, provider in sub-ICB, site.
--   organisation, key: Code of the organisation; ENG is England; 'unknown' what cannot be placed; provider|sub-ICB where
--       both.
--   organisation_name: Name; the code where no name is known.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (v1.measure).
--   title: Short title of the measure.
--   kind: count, share, mean, median, p90 (90th centile), rate (of events) or day_rate (of days).
--   unit: What the value counts; share for a share.
--   direction: Which is better: higher, lower, or none.
--   numerator: Count of a count or share; sum of a mean; events or days of a rate; NULL for a median or p90.
--   denominator: Rows the value is of, person-days of a rate; NULL for a count and where there is no value.
--   value: numerator / denominator of a share or mean, the median or p90, else the numerator. Of a rate per
--       person-year.
--   lower_95: Lower 95 % limit of value (Wilson of a share, Poisson of a count or rate); NULL for other kinds.
--   upper_95: Upper 95 % limit of value.
--   months_submitted [months]: Months of the period for which a provider of the organisation submitted.
--   state: value; no denominator (0 people); not submitted; not applicable; these are always distinct.
