-- mesh_IAPT.IDS603presentingcomplaints
-- Grain: one row per pathway with a presenting complaint (the one that counts) and reported month that carries it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS603presentingcomplaints AS
SELECT
    c.rowid * 10000 + m.month_id AS UniqueID_IDS603, m.submission_id AS UniqueSubmissionID, m.audit_id AS AuditId,
    m.month_id AS Unique_MonthID, m.record_number AS RecordNumber, m.provider AS OrgID_Provider,
    m.pathway_id AS PathwayID, c.complaint AS Validated_PresentingComplaint, c.significance AS PresCompCodSig,
    c.recorded_on AS PresCompDate
FROM core.complaint AS c
INNER JOIN compat.pathway_month AS m ON m.provider = c.provider AND m.service_request_id = c.service_request_id
