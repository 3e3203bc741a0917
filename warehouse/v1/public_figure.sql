-- v1.public_figure
-- Grain: one row per level, organisation, period, pathway and measure. Protected: may be published.
CREATE OR REPLACE VIEW v1.public_figure AS
SELECT
    f.level, f.organisation, coalesce(o.name, f.organisation) AS organisation_name, f.period_type, f.period_start,
    f.pathway, f.measure, m.title, m.kind, m.unit, m.direction, f.numerator, f.denominator, f.value,
    f.months_submitted, f.state
FROM public.service_measure AS f
INNER JOIN public.measure AS m ON m.measure = f.measure
LEFT JOIN public.organisation AS o ON o.level = f.level AND o.organisation = f.organisation

-- Columns of v1.public_figure: Protected figures: one row per organisation, period, pathway and measure, England
--     included. Every count has a small random error; figures of fewer than {smallest} people are suppressed.
--   level, key: England, region, ICB, sub-ICB, provider, or provider in sub-ICB.
--   organisation, key: ODS code; ENG: England; provider|sub-ICB; 'unknown': could not be placed.
--   organisation_name: Name; the code where no name is known.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (v1.public_measure).
--   title: Short title of the measure.
--   kind: count, share, mean, median, p90 (90th centile), rate (of events) or day_rate (of days).
--   unit: What the value counts; share for a share.
--   direction: Which is better: higher, lower, or none.
--   numerator: Count with its random error; NULL where suppressed, and for means and medians.
--   denominator: Count the figure is of, with its random error; NULL where suppressed, and for plain counts.
--   value: Value from the counts shown; NULL where there is none (state).
--   months_submitted [months]: Months of the period in which a provider of the organisation has submitted.
--   state: value; no rate (counts shown, too few for a value); suppressed (fewer than {smallest} people counted); not
--       submitted; not applicable.
