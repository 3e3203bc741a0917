-- mart.control_chart
-- Grain: one row per source, provider (ENG: England), pathway, measure and period with a value: the XmR rules.
-- Outside a limit; 7 or more rising or falling; 2 of 3 between near limit and limit on one side; 7 or more on one
-- side of the mean. The whole run is marked, ties break runs, and the first rule in this order gives the name.
CREATE TABLE mart.control_chart AS
WITH broken AS (
    SELECT
        *,
        CASE WHEN side = lag(side) OVER chart_order THEN 0 ELSE 1 END AS is_new_side,
        CASE WHEN direction = lag(direction) OVER chart_order THEN 0 ELSE 1 END AS is_new_direction,
        CASE WHEN abs(value - mean) > reach THEN side ELSE 0 END AS outside,
        CASE WHEN abs(value - mean) > reach * 2 / 3 AND abs(value - mean) <= reach THEN side ELSE 0 END AS near
    FROM work.control_point
    WINDOW chart_order AS (PARTITION BY source, provider, pathway, measure ORDER BY period_start)
),
numbered AS (
    SELECT
        *, sum(is_new_side) OVER chart_order AS side_run,
        sum(is_new_direction) OVER chart_order AS direction_run
    FROM broken
    WINDOW chart_order AS (PARTITION BY source, provider, pathway, measure ORDER BY period_start)
),
counted AS (
    SELECT
        *,
        CASE WHEN count(*) OVER (PARTITION BY source, provider, pathway, measure, side_run) >= 7
            THEN side ELSE 0 END AS shift,
        -- 7 points that rise are 6 steps.
        CASE WHEN count(*) OVER (PARTITION BY source, provider, pathway, measure, direction_run) >= 6
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
    WINDOW chart_order AS (PARTITION BY source, provider, pathway, measure ORDER BY period_start)
),
named AS (
    SELECT
        c.*,
        CASE WHEN outside <> 0 THEN 'outside' WHEN trend <> 0 THEN 'trend' WHEN two_of_three <> 0 THEN '2 of 3'
            WHEN shift <> 0 THEN 'shift' ELSE 'common cause' END AS point_type,
        CASE WHEN outside <> 0 THEN outside WHEN trend <> 0 THEN trend WHEN two_of_three <> 0 THEN two_of_three
            ELSE shift END AS signal,
        CASE m.direction WHEN 'higher' THEN 1 WHEN 'lower' THEN -1 ELSE 0 END AS better
    FROM marked AS c
    LEFT JOIN mart.measure AS m ON m.measure = c.measure
)
SELECT
    source, provider, pathway, measure, period_type, period_start, position, points, value, mean, moving_range,
    is_screened_out, limits, mean - reach AS lower_limit, mean - reach * 2 / 3 AS lower_near,
    mean + reach * 2 / 3 AS upper_near, mean + reach AS upper_limit, point_type, signal,
    CASE WHEN signal = 0 THEN 'common cause' WHEN better = 0 THEN 'neither' WHEN signal = better THEN 'improvement'
        ELSE 'concern' END AS variation
FROM named

-- Columns of mart.control_chart: XmR charts: one row per source, provider, pathway, measure and period with a value
--     (months; financial years of published figures).
--   source, key: submitted (our own count) or published (NHS England's statistics).
--   provider, key: ODS code of the provider; ENG is England.
--   period_type, key: month; financial year of published figures.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   position: Place of the point in its chart.
--   points: Points of the chart.
--   value: Value of the point (mart.provider_figure).
--   mean: Mean of all points.
--   moving_range: Mean of the moving ranges that were not screened out.
--   is_screened_out: Whether the range to the point before is beyond 3.267 times their mean and left out of
--       moving_range.
--   limits: standing (12 points or more), trial (6 to 11), too few points, or not meaningful (screening left ranges
--       of 0).
--   lower_limit: mean - 2.66 x moving_range.
--   lower_near: Two thirds of the way to lower_limit.
--   upper_near: Two thirds of the way to upper_limit.
--   upper_limit: mean + 2.66 x moving_range.
--   point_type: The first that holds: outside, trend (7 rising or falling), 2 of 3 (near the same limit), shift (7
--       on one side of the mean), common cause.
--   signal: 1: high or rising; -1: low or falling; 0: common cause.
--   variation: improvement, concern, neither (no direction is better), or common cause.
