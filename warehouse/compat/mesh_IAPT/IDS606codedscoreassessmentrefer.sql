-- mesh_IAPT.IDS606codedscoreassessmentrefer
-- Grain: one row per score or answer submitted of a referral, in the month that sent it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS606codedscoreassessmentrefer AS
SELECT
    c.rowid AS UniqueID_IDS606, s.submission_id AS UniqueSubmissionID, s.audit_id AS AuditId,
    s.month_id AS Unique_MonthID, h.rowid * 10000 + s.month_id AS RecordNumber, c.provider AS OrgID_Provider,
    c.provider || '-' || c.service_request_id AS PathwayID,
    c.provider || '-' || c.service_request_id AS Unique_ServiceRequestID,
    c.tool AS CodedAssToolType, c.submitted_score AS PersScore,
    c.scored_on AS AssToolCompDate, c.scored_at AS AssToolCompTime,
    CAST(s.month_end AS TIMESTAMP) AS EFFECTIVE_FROM
FROM core.score AS c
INNER JOIN compat.submission AS s ON s.provider = c.provider AND s.month = c.month
LEFT JOIN core.pathway AS p ON p.provider = c.provider AND p.service_request_id = c.service_request_id
LEFT JOIN core.person AS h ON h.provider = p.provider AND h.person_id = p.person_id
WHERE c.source = 'referral'
