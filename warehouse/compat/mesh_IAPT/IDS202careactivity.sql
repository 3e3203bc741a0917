-- mesh_IAPT.IDS202careactivity
-- Grain: one row per provider and care activity, in the month that last sent it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS202careactivity AS
SELECT
    a.rowid AS UniqueID_IDS202, s.submission_id AS UniqueSubmissionID, s.audit_id AS AuditId,
    s.month_id AS Unique_MonthID, h.rowid * 10000 + s.month_id AS RecordNumber, a.provider AS OrgID_Provider,
    a.provider || '-' || a.service_request_id AS PathwayID, a.care_activity_id AS CareActId,
    a.care_contact_id AS CareContactId, a.provider || '-' || a.care_contact_id AS Unique_CareContactID,
    a.duration_minutes AS ClinContactDurOfCareAct,
    CASE WHEN a.is_refused THEN a.procedure_code || ':408730004=443390004' ELSE a.procedure_code END
        AS CodeProcAndProcStatus
FROM core.activity AS a
INNER JOIN compat.submission AS s ON s.provider = a.provider AND s.month = a.month
LEFT JOIN core.pathway AS p ON p.provider = a.provider AND p.service_request_id = a.service_request_id
LEFT JOIN core.person AS h ON h.provider = p.provider AND h.person_id = p.person_id
