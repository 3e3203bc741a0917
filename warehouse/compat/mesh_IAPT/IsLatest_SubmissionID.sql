-- mesh_IAPT.IsLatest_SubmissionID
-- Grain: one row per current submission. The warehouse holds no other, so every row is the latest.
CREATE OR REPLACE VIEW mesh_IAPT.IsLatest_SubmissionID AS
SELECT
    submission_id AS UniqueSubmissionID, audit_id AS AuditId, month_id AS Unique_MonthID,
    provider AS OrgID_Provider, month AS ReportingPeriodStartDate, month_end AS ReportingPeriodEndDate,
    true AS IsLatest, 'Primary' AS File_Type
FROM compat.submission
