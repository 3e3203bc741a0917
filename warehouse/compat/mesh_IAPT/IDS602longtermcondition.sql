-- mesh_IAPT.IDS602longtermcondition
-- Grain: one row per pathway, long-term condition and reported month that carries the pathway, from the first that
-- sent the condition.
CREATE OR REPLACE VIEW mesh_IAPT.IDS602longtermcondition AS
SELECT
    c.rowid * 10000 + m.month_id AS UniqueID_IDS602, m.submission_id AS UniqueSubmissionID, m.audit_id AS AuditId,
    m.month_id AS Unique_MonthID, m.record_number AS RecordNumber, m.provider AS OrgID_Provider,
    m.pathway_id AS PathwayID, c.finding_scheme AS FindSchemeInUse,
    c.condition_code AS Validated_LongTermConditionCode
FROM core.long_term_condition AS c
INNER JOIN compat.pathway_month AS m
    ON m.provider = c.provider AND m.service_request_id = c.service_request_id AND m.month >= c.first_month
