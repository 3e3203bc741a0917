-- mart.control_chart
-- Grain: one row per source, provider (ENG: England), pathway, measure and period with a value: the XmR rules.
-- Outside a limit; 7 or more rising or falling; 2 of 3 between near limit and limit on one side; 7 or more on one
-- side of the mean. The whole run is marked, ties break runs, and the first rule in this order gives the name.
-- Runs end where the chart starts anew. Without limits there is no signal, and a figure that is not charted has none.
CREATE TABLE mart.control_chart AS
WITH broken AS (
    SELECT
        *,
        CASE WHEN side = lag(side) OVER chart_order THEN 0 ELSE 1 END AS is_new_side,
        CASE WHEN direction = lag(direction) OVER chart_order THEN 0 ELSE 1 END AS is_new_direction,
        CASE WHEN abs(value - mean) > reach THEN side ELSE 0 END AS outside,
        CASE WHEN abs(value - mean) > reach * 2 / 3 AND abs(value - mean) <= reach THEN side ELSE 0 END AS near
    FROM work.control_point
    WINDOW chart_order AS (PARTITION BY chart, segment ORDER BY position)
),
numbered AS (
    SELECT
        *, sum(is_new_side) OVER chart_order AS side_run,
        sum(is_new_direction) OVER chart_order AS direction_run
    FROM broken
    WINDOW chart_order AS (PARTITION BY chart, segment ORDER BY position)
),
counted AS (
    SELECT
        *,
        CASE WHEN count(*) OVER (PARTITION BY chart, segment, side_run) >= 7
            THEN side ELSE 0 END AS shift,
        -- 7 points that rise are 6 steps.
        CASE WHEN count(*) OVER (PARTITION BY chart, segment, direction_run) >= 6
            THEN direction ELSE 0 END AS steps
    FROM numbered
),
marked AS (
    SELECT
        *,
        -- A trend begins at the point before its first step.
        CASE WHEN steps = 0 THEN lead(steps, 1, 0) OVER chart_order ELSE steps END AS trend,
        CASE WHEN near <> 0 AND near IN (
            lag(near, 1, 0) OVER chart_order, lag(near, 2, 0) OVER chart_order,
            lead(near, 1, 0) OVER chart_order, lead(near, 2, 0) OVER chart_order) THEN near ELSE 0 END AS two_of_three
    FROM counted
    WINDOW chart_order AS (PARTITION BY chart, segment ORDER BY position)
),
named AS (
    SELECT
        *,
        CASE WHEN reach IS NULL THEN limits WHEN outside <> 0 THEN 'outside' WHEN trend <> 0 THEN 'trend'
            WHEN two_of_three <> 0 THEN '2 of 3' WHEN shift <> 0 THEN 'shift' ELSE 'common cause' END AS point_type,
        CASE WHEN reach IS NULL THEN NULL WHEN outside <> 0 THEN outside WHEN trend <> 0 THEN trend
            WHEN two_of_three <> 0 THEN two_of_three ELSE shift END AS signal
    FROM marked
    UNION ALL BY NAME
    SELECT * EXCLUDE (segment_start, rebased_because), 'not charted' AS limits, 'not charted' AS point_type
    FROM work.control_figure
    WHERE why_not_charted IS NOT NULL
)
SELECT
    c.source, c.provider, c.pathway, c.measure, c.period_type, c.period_start, c.segment, c.rebased_because,
    c.position, c.points, c.value, c.why_not_charted, c.mean, c.moving_range, c.is_screened_out, c.limits,
    CASE WHEN c.reach IS NOT NULL THEN greatest(c.mean - c.reach, c.smallest) END AS lower_limit,
    CASE WHEN c.reach IS NOT NULL THEN greatest(c.mean - c.reach * 2 / 3, c.smallest) END AS lower_near,
    CASE WHEN c.reach IS NOT NULL THEN least(c.mean + c.reach * 2 / 3, c.largest) END AS upper_near,
    CASE WHEN c.reach IS NOT NULL THEN least(c.mean + c.reach, c.largest) END AS upper_limit,
    c.point_type, c.signal,
    CASE WHEN c.signal IS NULL THEN c.point_type WHEN c.signal = 0 THEN 'common cause'
        WHEN coalesce(m.direction, 'none') = 'none' THEN 'neither'
        WHEN (c.signal = 1) = (m.direction = 'higher') THEN 'improvement' ELSE 'concern' END AS variation
FROM named AS c
LEFT JOIN mart.measure AS m ON m.measure = c.measure

-- Columns of mart.control_chart: XmR charts: one row per source, provider, pathway, measure and period with a value
--     (months; financial years of published figures).
--   source, key: submitted (our own count) or published (NHS England's statistics).
--   provider, key: ODS code of the provider; ENG is England.
--   period_type, key: month; financial year of published figures.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   segment: Number of the part of the chart, from 1: a known change of process begins a new one. Mean, limits and runs
--       are of one segment. NULL where not charted.
--   rebased_because: The change of process (ref.process_change, or a merger) that began the segment; NULL where none did.
--   position: Place of the point in its chart; NULL where not charted.
--   points: Points of the segment; NULL where not charted.
--   value: Value of the period (mart.provider_figure).
--   why_not_charted: incomplete month: a provider behind the figure has not submitted it (mart.submission_coverage);
--       denominator under 20, for all but counts; NULL for a point.
--   mean: Mean of all points of the segment.
--   moving_range: Mean of the moving ranges that were not screened out.
--   is_screened_out: Whether the range to the point before is beyond 3.267 times their mean and left out of
--       moving_range.
--   limits: standing (12 points or more), trial (6 to 11), too few points, not meaningful (screening left ranges of
--       0), or not charted.
--   lower_limit: mean - 2.66 x moving_range; not below mart.measure.lowest, nor above 1 for a share, as all limits.
--   lower_near: Two thirds of the way to lower_limit.
--   upper_near: Two thirds of the way to upper_limit.
--   upper_limit: mean + 2.66 x moving_range.
--   point_type: The first that holds: outside, trend (7 rising or falling), 2 of 3 (near the same limit), shift (7
--       on one side of the mean), common cause. Without limits it is what limits says.
--   signal: 1: high or rising; -1: low or falling; 0: common cause; NULL without limits.
--   variation: improvement, concern, neither (no direction is better), or common cause. Without limits it is what
--       limits says.
