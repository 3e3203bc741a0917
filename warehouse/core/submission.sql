-- core.submission
-- Grain: one row per winning submission: one provider, one month. records counts its rows in all tables.
CREATE TABLE core.submission AS
SELECT
    w.submission_id, w.provider, w.month, CAST(coalesce(sum(c.records), 0) AS BIGINT) AS records
FROM staged.winner AS w
LEFT JOIN staged.row_count AS c ON c.submission_id = w.submission_id
GROUP BY w.submission_id, w.provider, w.month
