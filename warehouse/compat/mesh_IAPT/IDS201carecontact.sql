-- mesh_IAPT.IDS201carecontact
-- Grain: one row per provider, care contact and day, in the month that last sent it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS201carecontact AS
WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY provider, care_contact_id, month) AS number
    FROM core.contact
)
SELECT
    c.number AS UniqueID_IDS201, s.submission_id AS UniqueSubmissionID, s.audit_id AS AuditId,
    s.month_id AS Unique_MonthID, h.person_number * 10000 + s.month_id AS RecordNumber, c.provider AS OrgID_Provider,
    c.provider || '-' || c.service_request_id AS PathwayID, CAST(c.service_request_id AS VARCHAR) AS ServiceRequestId,
    CAST(c.care_contact_id AS VARCHAR) AS CareContactId,
    c.provider || '-' || c.care_contact_id || coalesce('-' || CAST(c.contact_on AS VARCHAR), '') AS Unique_CareContactID,
    c.contact_on AS CareContDate, c.appointment_type AS AppType, c.attendance AS AttendOrDNACode,
    c.planned AS PlannedCareContIndicator, c.duration_minutes AS ClinContDurOfCareCont,
    c.medium AS ConsMechanism, c.medium AS ConsMediumUsed, c.therapy_mode AS CareContPatientTherMode,
    c.integrated_ltc_service AS IAPTLTCServiceInd, c.interpreter AS InterpreterPresentInd,
    c.treatment_language AS LanguageCodeTreat
FROM numbered AS c
INNER JOIN compat.submission AS s ON s.provider = c.provider AND s.month = c.month
LEFT JOIN compat.pathway_person AS h
    ON h.provider = c.provider AND h.service_request_id = c.service_request_id

-- Columns of mesh_IAPT.IDS201carecontact: One row per provider and care contact, in the month that last sent it.
--   UniqueID_IDS201, key: Number of the row. Holds within one release.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   RecordNumber: Number of the person in the month: joins a row to IDS001mpi. Empty where no patient record was
--       accepted. Holds within one release.
--   OrgID_Provider: ODS code of the provider.
--   PathwayID: Provider and pseudonym of the service request: the pathway, and what national measures count.
--   ServiceRequestId: Pseudonym of the provider's service request id.
--   CareContactId: Pseudonym of the provider's care contact id.
--   Unique_CareContactID: Provider, pseudonym and day of the care contact.
--   CareContDate [date]: Day of the contact.
--   AppType: Appointment type (01 to 07).
--   AttendOrDNACode: Attendance: 5 and 6 attended, 3 did not attend.
--   PlannedCareContIndicator: Whether the contact was planned (N: unplanned).
--   ClinContDurOfCareCont [minutes]: Clinical time of the contact.
--   ConsMechanism: Consultation mechanism or medium, whichever was sent.
--   ConsMediumUsed: The same as ConsMechanism.
--   CareContPatientTherMode: 1 individual, 2 couple, 3 group.
--   IAPTLTCServiceInd: Whether the contact was part of a service for long-term conditions.
--   InterpreterPresentInd: Whether an interpreter was present, and who.
--   LanguageCodeTreat: Language of the treatment.
