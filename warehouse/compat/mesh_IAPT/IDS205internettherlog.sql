-- mesh_IAPT.IDS205internettherlog
-- Grain: one row per log of internet-enabled therapy, in the month that last sent it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS205internettherlog AS
SELECT
    l.rowid AS UniqueID_IDS205, s.submission_id AS UniqueSubmissionID, s.audit_id AS AuditId,
    s.month_id AS Unique_MonthID, h.rowid * 10000 + s.month_id AS RecordNumber, l.provider AS OrgID_Provider,
    l.provider || '-' || l.service_request_id AS PathwayID, l.service_request_id AS ServiceRequestId,
    l.log_started_on AS StartDateIntEnabledTherLog, l.log_ended_on AS EndDateIntEnabledTherLog,
    l.programme AS IntEnabledTherProg, l.therapist_minutes AS DurationIntEnabledTher,
    l.integrated_software AS IntegratedSoftwareInd
FROM core.internet_log AS l
INNER JOIN compat.submission AS s ON s.provider = l.provider AND s.month = l.last_month
LEFT JOIN core.pathway AS p ON p.provider = l.provider AND p.service_request_id = l.service_request_id
LEFT JOIN core.person AS h ON h.provider = p.provider AND h.person_id = p.person_id
