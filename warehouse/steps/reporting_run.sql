-- work.reporting_run
-- Grain: one row per provider and unbroken run of months submitted, where service use was sent in one of them.
-- Outside such a run service use is unknown, not 0.
CREATE TABLE work.reporting_run AS
WITH numbered AS (
    SELECT
        s.provider, s.month, t.records AS uses,
        extract(year FROM s.month) * 12 + extract(month FROM s.month)
            - row_number() OVER (PARTITION BY s.provider ORDER BY s.month) AS run
    FROM core.submission AS s
    LEFT JOIN core.submission_table AS t ON t.submission_id = s.submission_id AND t.table_id = 'SMI501'
)
SELECT provider, min(month) AS from_on, last_day(max(month)) AS to_on
FROM numbered
GROUP BY provider, run
HAVING sum(uses) > 0
