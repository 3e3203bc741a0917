-- compat.submission
-- Grain: one row per provider and month reported (core.reported_month), with the numbers the national tables are joined on.
-- month_id counts from April 1900. audit_id holds within one release only.
CREATE OR REPLACE VIEW compat.submission AS
SELECT
    provider, month, last_day(month) AS month_end, submission_id,
    row_number() OVER (ORDER BY provider, month) AS audit_id,
    CAST((year(month) - 1900) * 12 + month(month) - 3 AS INTEGER) AS month_id
FROM core.reported_month

-- Columns of compat.submission: One row per provider and month reported, with the numbers the national tables are
--     joined on.
--   provider: ODS code of the provider.
--   month [date]: First day of the month reported.
--   month_end [date]: Last day of the month reported.
--   submission_id: Id of the submission in the ledger; a predecessor's where only that one has reported the month.
--   audit_id, key: Number of provider and month. Holds within one release.
--   month_id: Number of the month: months since April 1900, which is 1.
