-- compat.submission
-- Grain: one row per current submission, with the numbers the national tables are joined on.
-- month_id counts from April 1900. audit_id holds within one release only.
CREATE OR REPLACE VIEW compat.submission AS
SELECT
    provider, month, last_day(month) AS month_end, submission_id,
    row_number() OVER (ORDER BY provider, month) AS audit_id,
    CAST((year(month) - 1900) * 12 + month(month) - 3 AS INTEGER) AS month_id
FROM core.submission
