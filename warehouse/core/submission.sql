-- core.submission
-- Grain: one row per current submission: one provider, one month. records counts its rows in all tables.
-- In time until the end of the deadline's day. A correction after it replaces what was in time, and is late.
CREATE TABLE core.submission AS
SELECT
    w.submission_id, w.provider, w.month, CAST(coalesce(sum(c.records), 0) AS BIGINT) AS records,
    w.received_on, w.deadline, w.received_on > w.deadline AS is_late
FROM staged.current_submission AS w
LEFT JOIN staged.row_count AS c ON c.submission_id = w.submission_id
GROUP BY w.submission_id, w.provider, w.month, w.received_on, w.deadline
