-- v1.service_comparison
-- Grain: one row per source, provider, period, pathway and measure, beside England. Exact: not for publication.
CREATE OR REPLACE VIEW v1.service_comparison AS
SELECT
    c.source, c.provider, c.provider_name, c.period_type, c.period_start, c.pathway, c.measure, m.title, c.kind,
    m.unit, m.direction, c.numerator, c.denominator, c.value, c.lower_95, c.upper_95, c.state, c.national_value,
    c.national_value_without, c.months, c.months_submitted, c.peer_group, c.peer_value, c.services,
    c.funnel_position_adjusted, c.funnel_position, c.comparison, c.why_not
FROM mart.service_comparison AS c
INNER JOIN mart.measure AS m ON m.measure = c.measure

-- Columns of v1.service_comparison: One row per source, service, period, pathway and measure: its figure, the value of
--     England, and whether it differs from its peers. No ranks. Counts are exact: not for publication.
--   source, key: submitted (our own count), data quality, or published (NHS England's statistics).
--   provider, key: ODS code of the provider.
--   provider_name: Name of the provider; its code where no name is known.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (v1.measure).
--   title: Short title of the measure.
--   kind: count, share, mean, median, p90 (90th centile), rate (of events) or day_rate (of days).
--   unit: What the value counts; share for a share.
--   direction: Which is better: higher, lower, or none.
--   numerator: Count; sum of a mean; NULL for a median or p90.
--   denominator: Count the share or mean is of; NULL for a plain count and where there is no value.
--   value: numerator / denominator of a share or mean, the median or p90, else the numerator.
--   lower_95: Lower 95 % limit of value (Wilson of a share, Poisson of a count or rate); NULL for other kinds.
--   upper_95: Upper 95 % limit of value.
--   state: value; no denominator (0 people); not submitted; suppressed; not applicable; these are always distinct.
--   national_value: Value of England, this service included.
--   national_value_without: Value of England without this service (shares, means and rates).
--   months [months]: Months of the period.
--   months_submitted [months]: Months of the period the service submitted; NULL for published figures.
--   peer_group: Services it is compared with: those of this pathway; all: those of the source; NULL where its 'all'
--       mixes pathways.
--   peer_value [share]: Share of the peer group: the centre of the funnel.
--   services [services]: Services in the funnel: a complete period and a denominator of 20 or more.
--   funnel_position_adjusted: The position to read first: below 99.8, below 95, within, above 95 or above 99.8 of the
--       limits that allow for the spread between services. NULL where why_not says so.
--   funnel_position: The same against the limits of chance alone.
--   comparison: full (30 services or more), with caution (10 to 29), descriptive (not compared); NULL where there is
--       no value.
--   why_not: Why the comparison is not full, in words; NULL when it is.
