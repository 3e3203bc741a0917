-- work.reporting_run
-- Grain: one row per provider and unbroken run of months submitted, where service use was sent in one of them.
-- Outside such a run service use is unknown, not 0. Of a predecessor the months within its own runs are its successor's
-- too: courses that cross the merger are observed in both.
CREATE TABLE work.reporting_run AS
WITH numbered AS (
    SELECT
        s.provider, s.month, t.records AS uses,
        extract(year FROM s.month) * 12 + extract(month FROM s.month)
            - row_number() OVER (PARTITION BY s.provider ORDER BY s.month) AS run
    FROM core.submission AS s
    LEFT JOIN core.submission_table AS t ON t.submission_id = s.submission_id AND t.table_id = 'SMI501'
),
observed AS (
    SELECT provider, month
    FROM numbered
    QUALIFY sum(uses) OVER (PARTITION BY provider, run) > 0
),
placed AS (
    SELECT provider, month FROM observed
    UNION
    SELECT u.successor, o.month
    FROM observed AS o
    INNER JOIN staged.successor AS u ON u.provider = o.provider
),
joined AS (
    SELECT
        provider, month,
        extract(year FROM month) * 12 + extract(month FROM month)
            - row_number() OVER (PARTITION BY provider ORDER BY month) AS run
    FROM placed
)
SELECT provider, min(month) AS from_on, last_day(max(month)) AS to_on
FROM joined
GROUP BY provider, run
