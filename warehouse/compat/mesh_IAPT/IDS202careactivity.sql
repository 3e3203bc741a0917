-- mesh_IAPT.IDS202careactivity
-- Grain: one row per provider and care activity, in the month that last sent it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS202careactivity AS
WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY provider, care_activity_id, month) AS number
    FROM core.activity
)
SELECT
    a.number AS UniqueID_IDS202, s.submission_id AS UniqueSubmissionID, s.audit_id AS AuditId,
    s.month_id AS Unique_MonthID, h.person_number * 10000 + s.month_id AS RecordNumber, a.provider AS OrgID_Provider,
    a.provider || '-' || a.service_request_id AS PathwayID, CAST(a.care_activity_id AS VARCHAR) AS CareActId,
    CAST(a.care_contact_id AS VARCHAR) AS CareContactId,
    a.provider || '-' || a.care_contact_id || coalesce('-' || CAST(a.contact_on AS VARCHAR), '') AS Unique_CareContactID,
    a.duration_minutes AS ClinContactDurOfCareAct,
    CASE WHEN a.is_refused THEN a.procedure_code || ':408730004=443390004' ELSE a.procedure_code END
        AS CodeProcAndProcStatus
FROM numbered AS a
INNER JOIN compat.submission AS s ON s.provider = a.provider AND s.month = a.month
LEFT JOIN compat.pathway_person AS h
    ON h.provider = a.provider AND h.service_request_id = a.service_request_id

-- Columns of mesh_IAPT.IDS202careactivity: One row per provider and care activity, in the month that last sent it.
--   UniqueID_IDS202, key: Number of the row. Holds within one release.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   RecordNumber: Number of the person in the month: joins a row to IDS001mpi. Empty where no patient record was
--       accepted. Holds within one release.
--   OrgID_Provider: ODS code of the provider.
--   PathwayID: Provider and pseudonym of the service request: the pathway, and what national measures count.
--   CareActId: Pseudonym of the provider's care activity id.
--   CareContactId: Pseudonym of the provider's care contact id.
--   Unique_CareContactID: Provider, pseudonym and day of the care contact.
--   ClinContactDurOfCareAct [minutes]: Clinical time of the activity.
--   CodeProcAndProcStatus: Procedure (SNOMED CT); a refused one has its status after a colon and so equals no
--       therapy code.
