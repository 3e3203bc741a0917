-- v1.public_comparison
-- Grain: one row per source, provider, period, pathway and measure that is a share. Protected: may be published.
CREATE OR REPLACE VIEW v1.public_comparison AS
SELECT
    c.source, c.provider, c.provider_name, c.period_type, c.period_start, c.pathway, c.measure, m.title, m.direction,
    c.numerator, c.denominator, c.value, c.lower_95, c.upper_95, c.state, c.national_value, c.months,
    c.months_submitted, c.services, c.funnel_position_adjusted, c.funnel_position, c.why_no_position
FROM public.service_comparison AS c
INNER JOIN public.measure AS m ON m.measure = c.measure

-- Columns of v1.public_comparison: Services beside England: one row per source, provider, period, pathway and measure
--     that is a share, from protected counts only.
--   source, key: submitted (from the services' submissions) or published (NHS England's statistics).
--   provider, key: ODS code of the provider.
--   provider_name: Name of the provider; its code where no name is known.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (v1.public_measure).
--   title: Short title of the measure.
--   direction: Which is better: higher, lower, or none.
--   numerator: Count with its random error; NULL where suppressed.
--   denominator: Count the share is of, with its random error; NULL where suppressed.
--   value [share]: numerator / denominator as shown; NULL where there is none (state).
--   lower_95 [share]: Lower 95 % Wilson limit of value, from the counts shown.
--   upper_95 [share]: Upper 95 % Wilson limit of value.
--   state: value; no rate (counts shown, too few for a value); suppressed (fewer than {smallest} people counted); not
--       submitted; not applicable.
--   national_value [share]: Share of England, as shown.
--   months [months]: Months of the period.
--   months_submitted [months]: Months of the period the service submitted; NULL for published figures.
--   services [services]: Services in the funnel: with a rate and a complete period.
--   funnel_position_adjusted: The position to read first: within; above or below 95; above or below 99.8 of the limits
--       that allow for the spread between services. NULL where why_no_position says so.
--   funnel_position: The same against the limits of chance alone.
--   why_no_position: Why a position is NULL.
