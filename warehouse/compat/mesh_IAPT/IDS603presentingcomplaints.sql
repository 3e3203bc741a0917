-- mesh_IAPT.IDS603presentingcomplaints
-- Grain: one row per pathway with a presenting complaint (the one that counts) and reported month that carries it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS603presentingcomplaints AS
WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY provider, service_request_id) AS number
    FROM core.complaint
)
SELECT
    c.number * 10000 + m.month_id AS UniqueID_IDS603, m.submission_id AS UniqueSubmissionID, m.audit_id AS AuditId,
    m.month_id AS Unique_MonthID, m.record_number AS RecordNumber, m.provider AS OrgID_Provider,
    m.pathway_id AS PathwayID, c.complaint AS Validated_PresentingComplaint, c.significance AS PresCompCodSig,
    c.recorded_on AS PresCompDate
FROM numbered AS c
INNER JOIN compat.pathway_month AS m ON m.provider = c.provider AND m.service_request_id = c.service_request_id

-- Columns of mesh_IAPT.IDS603presentingcomplaints: One row per pathway with a presenting complaint (the one that
--     counts) and reported month that carries the pathway.
--   UniqueID_IDS603, key: Number of the row. Holds within one release.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   RecordNumber: Number of the person in the month: joins a row to IDS001mpi. Empty where no patient record was
--       accepted. Holds within one release.
--   OrgID_Provider: ODS code of the provider.
--   PathwayID: Provider and pseudonym of the service request: the pathway, and what national measures count.
--   Validated_PresentingComplaint: Complaint, ICD-10 without its dot.
--   PresCompCodSig: 1 primary, 2 secondary.
--   PresCompDate [date]: Day it was recorded.
