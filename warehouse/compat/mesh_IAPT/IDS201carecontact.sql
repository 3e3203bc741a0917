-- mesh_IAPT.IDS201carecontact
-- Grain: one row per provider and care contact, in the month that last sent it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS201carecontact AS
SELECT
    c.rowid AS UniqueID_IDS201, s.submission_id AS UniqueSubmissionID, s.audit_id AS AuditId,
    s.month_id AS Unique_MonthID, h.rowid * 10000 + s.month_id AS RecordNumber, c.provider AS OrgID_Provider,
    c.provider || '-' || c.service_request_id AS PathwayID, c.service_request_id AS ServiceRequestId,
    c.care_contact_id AS CareContactId, c.provider || '-' || c.care_contact_id AS Unique_CareContactID,
    c.contact_on AS CareContDate, c.appointment_type AS AppType, c.attendance AS AttendOrDNACode,
    c.planned AS PlannedCareContIndicator, c.duration_minutes AS ClinContDurOfCareCont,
    c.medium AS ConsMechanism, c.medium AS ConsMediumUsed, c.therapy_mode AS CareContPatientTherMode,
    c.integrated_ltc_service AS IAPTLTCServiceInd, c.interpreter AS InterpreterPresentInd,
    c.treatment_language AS LanguageCodeTreat
FROM core.contact AS c
INNER JOIN compat.submission AS s ON s.provider = c.provider AND s.month = c.month
LEFT JOIN core.pathway AS p ON p.provider = c.provider AND p.service_request_id = c.service_request_id
LEFT JOIN core.person AS h ON h.provider = p.provider AND h.person_id = p.person_id
