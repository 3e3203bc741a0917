-- mesh_IAPT.IDS205internettherlog
-- Grain: one row per log of internet-enabled therapy, in the month that last sent it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS205internettherlog AS
WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY provider, service_request_id, programme, log_started_on, log_ended_on) AS number
    FROM core.internet_log
)
SELECT
    l.number AS UniqueID_IDS205, s.submission_id AS UniqueSubmissionID, s.audit_id AS AuditId,
    s.month_id AS Unique_MonthID, h.person_number * 10000 + s.month_id AS RecordNumber, l.provider AS OrgID_Provider,
    l.provider || '-' || l.service_request_id AS PathwayID, CAST(l.service_request_id AS VARCHAR) AS ServiceRequestId,
    l.log_started_on AS StartDateIntEnabledTherLog, l.log_ended_on AS EndDateIntEnabledTherLog,
    l.programme AS IntEnabledTherProg, l.therapist_minutes AS DurationIntEnabledTher,
    l.integrated_software AS IntegratedSoftwareInd
FROM numbered AS l
INNER JOIN compat.submission AS s ON s.provider = l.provider AND s.month = l.last_month
LEFT JOIN compat.pathway_person AS h
    ON h.provider = l.provider AND h.service_request_id = l.service_request_id

-- Columns of mesh_IAPT.IDS205internettherlog: One row per log of internet-enabled therapy, in the month that last
--     sent it.
--   UniqueID_IDS205, key: Number of the row. Holds within one release.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   RecordNumber: Number of the person in the month: joins a row to IDS001mpi. Empty where no patient record was
--       accepted. Holds within one release.
--   OrgID_Provider: ODS code of the provider.
--   PathwayID: Provider and pseudonym of the service request: the pathway, and what national measures count.
--   ServiceRequestId: Pseudonym of the provider's service request id.
--   StartDateIntEnabledTherLog [date]: First day the log covers.
--   EndDateIntEnabledTherLog [date]: Last day the log covers.
--   IntEnabledTherProg: Pseudonym of the name of the programme, or not known.
--   DurationIntEnabledTher [minutes]: Clinical time of the professional; 0 means that no clinician spent time on it.
--   IntegratedSoftwareInd: Whether an integrated software engine was used.
