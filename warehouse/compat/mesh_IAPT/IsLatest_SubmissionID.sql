-- mesh_IAPT.IsLatest_SubmissionID
-- Grain: one row per current submission. The warehouse holds no other, so every row is the latest.
CREATE OR REPLACE VIEW mesh_IAPT.IsLatest_SubmissionID AS
SELECT
    submission_id AS UniqueSubmissionID, audit_id AS AuditId, month_id AS Unique_MonthID,
    month AS ReportingPeriodStartDate, month_end AS ReportingPeriodEndDate,
    true AS IsLatest, 'Primary' AS File_Type
FROM compat.submission

-- Columns of mesh_IAPT.IsLatest_SubmissionID: One row per current submission: the warehouse holds no other.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId, key: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   ReportingPeriodStartDate [date]: First day of the month reported.
--   ReportingPeriodEndDate [date]: Last day of the month reported.
--   IsLatest: Always true: a submission that was replaced is not in the warehouse.
--   File_Type: Always Primary: months have had a single window since October 2023.
