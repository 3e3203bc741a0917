-- mart.reference_norm
-- Grain: one row per period, pathway, instrument and kind of score (first, last, gain): England's percentiles.
-- To read a person's or a service's score against: what a first score of this pathway usually is, how far people come.
-- Percentiles are the continuous ones (type 7): of n sorted scores, the first being number 0, at (n - 1) times the
-- share. They come from how often each score occurs, so they are exact. NULL below 20 people.
CREATE TABLE mart.reference_norm AS
WITH running AS (
    SELECT
        *, CAST(sum(people) OVER in_order AS BIGINT) AS upto, CAST(sum(people) OVER norm AS BIGINT) AS total
    FROM work.score_count
    WINDOW norm AS (PARTITION BY period_type, period_start, pathway, instrument, kind),
        in_order AS (PARTITION BY period_type, period_start, pathway, instrument, kind ORDER BY score)
),
summed AS (
    SELECT
        period_type, period_start, pathway, instrument, kind, max(total) AS people,
        sum(score * people) AS score_total, sum(score * score * people) AS squares
    FROM running
    GROUP BY period_type, period_start, pathway, instrument, kind
),
-- The place of each percentile in hundredths, and the scores on either side of it.
placed AS (
    SELECT
        r.period_type, r.period_start, r.pathway, r.instrument, r.kind, q.percentile,
        CAST(max((r.total - 1) * q.percentile % 100) AS DECIMAL(3, 0)) AS along,
        min(r.score) FILTER (WHERE r.upto > (r.total - 1) * q.percentile // 100) AS below,
        min(r.score) FILTER (WHERE r.upto > (r.total - 1) * q.percentile // 100 + 1) AS above
    FROM running AS r
    CROSS JOIN (SELECT unnest([5, 10, 25, 50, 75, 90, 95]) AS percentile) AS q
    WHERE r.total >= 20
    GROUP BY r.period_type, r.period_start, r.pathway, r.instrument, r.kind, q.percentile
),
read_off AS (
    SELECT
        period_type, period_start, pathway, instrument, kind, percentile,
        CAST(below + coalesce(above - below, 0) * along / 100 AS DECIMAL(12, 4)) AS score
    FROM placed
),
side_by_side AS (
    SELECT
        period_type, period_start, pathway, instrument, kind,
        max(score) FILTER (WHERE percentile = 5) AS p05, max(score) FILTER (WHERE percentile = 10) AS p10,
        max(score) FILTER (WHERE percentile = 25) AS p25, max(score) FILTER (WHERE percentile = 50) AS p50,
        max(score) FILTER (WHERE percentile = 75) AS p75, max(score) FILTER (WHERE percentile = 90) AS p90,
        max(score) FILTER (WHERE percentile = 95) AS p95
    FROM read_off
    GROUP BY period_type, period_start, pathway, instrument, kind
)
SELECT
    'submitted' AS source, s.period_type, s.period_start, s.pathway, s.instrument, s.kind, s.people,
    s.score_total / s.people AS mean, mart.standard_deviation(s.people, s.score_total, s.squares) AS sd,
    b.p05, b.p10, b.p25, b.p50, b.p75, b.p90, b.p95
FROM summed AS s
LEFT JOIN side_by_side AS b USING (period_type, period_start, pathway, instrument, kind)

-- Columns of mart.reference_norm: Norms from submitted data: one row per period, pathway, instrument and kind of score,
--     England's scores of referrals closed with two attended contacts or more.
--   source, key: submitted: from the submissions.
--   period_type, key: financial year, rolling 12 months, or all months.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or all.
--   instrument, key: Short id of the instrument.
--   kind, key: first: first scores of everybody measured; last: last scores of those paired; gain: their change in the
--       good direction of the scale.
--   people: Referrals with the score; one person may have several.
--   mean [points]: Mean score.
--   sd [points]: Standard deviation; NULL for one score.
--   p05 [points]: 5th percentile; NULL below 20 people, as the others.
--   p10 [points]: 10th percentile.
--   p25 [points]: 25th percentile.
--   p50 [points]: Median.
--   p75 [points]: 75th percentile.
--   p90 [points]: 90th percentile.
--   p95 [points]: 95th percentile.
