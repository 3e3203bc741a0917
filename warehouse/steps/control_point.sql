-- work.control_point
-- Grain: one row per source, provider (ENG: England), pathway, measure and period that is charted: XmR limits.
-- A period that is not charted is no point, and the points on either side of it are neighbours. Limits are of the
-- segment since the last change of process: mean ± 2.66 × mean moving range; ranges beyond 3.267 times their mean are
-- left out of it once (NHSRplotthedots does so, the Excel tool of Making Data Count not).
-- Decimals, not floating point: a point on the mean must be on it, since ties break runs.
CREATE TABLE work.control_point AS
WITH placed AS (
    SELECT
        * EXCLUDE (segment_start, why_not_charted),
        dense_rank() OVER (PARTITION BY chart ORDER BY segment_start NULLS FIRST) AS segment,
        row_number() OVER (PARTITION BY chart ORDER BY period_start) AS position
    FROM work.control_figure
    WHERE why_not_charted IS NULL
),
moved AS (
    SELECT
        *, count(*) OVER whole AS points, CAST(avg(value) OVER whole AS DECIMAL(24, 12)) AS mean,
        value - lag(value) OVER chart_order AS change
    FROM placed
    WINDOW whole AS (PARTITION BY chart, segment),
        chart_order AS (PARTITION BY chart, segment ORDER BY position)
),
screened AS (
    SELECT *, coalesce(abs(change) > 3.267 * avg(abs(change)) OVER whole, false) AS is_screened_out
    FROM moved
    WINDOW whole AS (PARTITION BY chart, segment)
),
ranged AS (
    SELECT
        *, max(abs(change)) OVER whole AS largest_range,
        CAST(avg(CASE WHEN NOT is_screened_out THEN abs(change) END) OVER whole AS DECIMAL(24, 12)) AS moving_range
    FROM screened
    WINDOW whole AS (PARTITION BY chart, segment)
)
SELECT
    r.chart, r.source, r.provider, r.pathway, r.measure, r.period_type, period_start, segment, rebased_because,
    position, points, value, change, mean, moving_range, is_screened_out, CAST(sign(value - mean) AS INTEGER) AS side,
    CAST(coalesce(sign(change), 0) AS INTEGER) AS direction,
    -- One jump in an even line is screened out and leaves limits of no width: everybody would be outside them.
    CASE WHEN points < 6 THEN 'too few points' WHEN moving_range = 0 AND largest_range > 0 THEN 'not meaningful'
        WHEN points < 12 THEN 'trial' ELSE 'standing' END AS limits,
    CASE WHEN points >= 6 AND (moving_range > 0 OR largest_range = 0)
        THEN CAST(2.66 * moving_range AS DECIMAL(24, 12)) END AS reach,
    -- Limits go no further than what is possible. Items of data quality are shares, and not in the catalogue.
    CASE WHEN m.measure IS NULL THEN 0 ELSE m.lowest END AS smallest, CASE WHEN r.kind = 'share' THEN 1 END AS largest
FROM ranged AS r
LEFT JOIN (SELECT measure, lowest FROM mart.measure) AS m ON m.measure = r.measure
