-- public.control_chart
-- Grain: one row per source, provider (ENG: England), pathway, measure and period with a value.
-- The models of mart.control_chart on the figures shown (work.public_charted): mean, limits and signals follow from
-- what public shows, and say no more of anybody than the figures do.
CREATE TABLE public.control_chart AS
SELECT
    source, provider, pathway, measure, period_type, period_start, segment, rebased_because, position, points, value,
    why_not_charted, mean, moving_range, is_screened_out, limits, lower_limit, lower_near, upper_near, upper_limit,
    point_type, signal, variation
FROM work.public_control_chart

-- Columns of public.control_chart: XmR charts of the figures shown: one row per source, provider, pathway, measure
--     and period with a value (months; financial years of published figures).
--   source, key: submitted (from the services' submissions) or published (NHS England's statistics).
--   provider, key: ODS code of the provider; ENG is England.
--   period_type, key: month; financial year of published figures.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (public.measure).
--   segment: Number of the part of the chart, from 1: a known change of process begins a new one. Mean, limits and runs
--       are of one segment. NULL where not charted.
--   rebased_because: The change of process (such as a new record system, or a merger) that began the segment; NULL where none did.
--   position: Place of the point in its chart; NULL where not charted.
--   points: Points of the segment; NULL where not charted.
--   value: Value of the period, as shown (public.service_measure; of published figures their rate or count).
--   why_not_charted: incomplete month: a provider behind the figure has not submitted it;
--       denominator under 20, for all but counts; NULL for a point.
--   mean: Mean of all points of the segment.
--   moving_range: Mean of the moving ranges that were not screened out.
--   is_screened_out: Whether the range to the point before is beyond 3.267 times their mean and left out of
--       moving_range.
--   limits: standing (12 points or more), trial (6 to 11), too few points, not meaningful (screening left ranges of
--       0), or not charted.
--   lower_limit: mean - 2.66 x moving_range; not below what is possible, nor above 1 for a share, as all limits.
--   lower_near: Two thirds of the way to lower_limit.
--   upper_near: Two thirds of the way to upper_limit.
--   upper_limit: mean + 2.66 x moving_range.
--   point_type: The first that holds: outside, trend (7 rising or falling), 2 of 3 (near the same limit), shift (7
--       on one side of the mean), common cause. Without limits it is what limits says.
--   signal: 1: high or rising; -1: low or falling; 0: common cause; NULL without limits.
--   variation: improvement, concern, neither (no direction is better), or common cause. Without limits it is what
--       limits says.
