-- mesh_IAPT.IDS607codedscoreassessmentact
-- Grain: one row per score or answer submitted of a care activity, in the month that sent it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS607codedscoreassessmentact AS
WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY provider, month, row_number) AS number
    FROM core.score
    WHERE source = 'activity'
)
SELECT
    c.number AS UniqueID_IDS607, s.submission_id AS UniqueSubmissionID, s.audit_id AS AuditId,
    s.month_id AS Unique_MonthID, h.person_number * 10000 + s.month_id AS RecordNumber, c.provider AS OrgID_Provider,
    c.provider || '-' || c.service_request_id AS PathwayID,
    c.provider || '-' || c.service_request_id AS Unique_ServiceRequestID,
    c.tool AS CodedAssToolType, c.submitted_score AS PersScore, CAST(c.care_activity_id AS VARCHAR) AS CareActId,
    c.scored_on AS CareContDate,
    CAST(s.month_end AS TIMESTAMP) AS EFFECTIVE_FROM
FROM numbered AS c
INNER JOIN compat.submission AS s ON s.provider = c.provider AND s.month = c.month
LEFT JOIN compat.pathway_person AS h
    ON h.provider = c.provider AND h.service_request_id = c.service_request_id

-- Columns of mesh_IAPT.IDS607codedscoreassessmentact: One row per score or answer submitted of a care activity, in
--     the month that sent it, whether or not it counts.
--   UniqueID_IDS607, key: Number of the row. Holds within one release.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   RecordNumber: Number of the person in the month: joins a row to IDS001mpi. Empty where no patient record was
--       accepted. Holds within one release.
--   OrgID_Provider: ODS code of the provider.
--   PathwayID: Provider and pseudonym of the service request: the pathway, and what national measures count.
--   Unique_ServiceRequestID: Provider and pseudonym of the service request.
--   CodedAssToolType: Code of the measure or question (SNOMED CT) as submitted.
--   PersScore: Score or answer as submitted: text.
--   CareActId: Pseudonym of the provider's care activity id.
--   CareContDate [date]: Day of the activity's contact.
--   EFFECTIVE_FROM: Last day of the month, as a time. It replaces the time of loading.
