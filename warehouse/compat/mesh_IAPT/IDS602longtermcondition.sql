-- mesh_IAPT.IDS602longtermcondition
-- Grain: one row per pathway, long-term condition and reported month that carries the pathway, from the first that
-- sent the condition.
CREATE OR REPLACE VIEW mesh_IAPT.IDS602longtermcondition AS
WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY provider, service_request_id, finding_scheme, condition_code) AS number
    FROM core.long_term_condition
)
SELECT
    c.number * 10000 + m.month_id AS UniqueID_IDS602, m.submission_id AS UniqueSubmissionID, m.audit_id AS AuditId,
    m.month_id AS Unique_MonthID, m.record_number AS RecordNumber, m.provider AS OrgID_Provider,
    m.pathway_id AS PathwayID, c.finding_scheme AS FindSchemeInUse,
    c.condition_code AS Validated_LongTermConditionCode
FROM numbered AS c
INNER JOIN compat.pathway_month AS m
    ON m.provider = c.provider AND m.service_request_id = c.service_request_id AND m.month >= c.first_month

-- Columns of mesh_IAPT.IDS602longtermcondition: One row per pathway, long-term condition and reported month that
--     carries the pathway, from the first that sent the condition.
--   UniqueID_IDS602, key: Number of the row. Holds within one release.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   RecordNumber: Number of the person in the month: joins a row to IDS001mpi. Empty where no patient record was
--       accepted. Holds within one release.
--   OrgID_Provider: ODS code of the provider.
--   PathwayID: Provider and pseudonym of the service request: the pathway, and what national measures count.
--   FindSchemeInUse: Scheme the condition is coded in.
--   Validated_LongTermConditionCode: Condition as submitted, in its scheme.
