-- mesh_IAPT.IDS011socpercircumstances
-- Grain: one row per provider, person, circumstance, day of recording and reported month from the first to the last
-- that sent it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS011socpercircumstances AS
WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY provider, person_id, circumstance, recorded_on) AS number
    FROM core.social_circumstance
)
SELECT
    c.number * 10000 + m.month_id AS UniqueID_IDS011, m.submission_id AS UniqueSubmissionID, m.audit_id AS AuditId,
    m.month_id AS Unique_MonthID, m.record_number AS RecordNumber, m.provider AS OrgID_Provider,
    CAST(m.person_id AS VARCHAR) AS Person_ID, c.circumstance AS SocPerCircumstance,
    c.recorded_on AS SocPerCircumstanceRecDate
FROM numbered AS c
INNER JOIN compat.person_month AS m
    ON m.provider = c.provider AND m.person_id = c.person_id AND m.month BETWEEN c.first_month AND c.last_month

-- Columns of mesh_IAPT.IDS011socpercircumstances: One row per provider, person, circumstance, day of recording and
--     reported month from the first to the last that sent it.
--   UniqueID_IDS011, key: Number of the row. Holds within one release.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   RecordNumber: Number of the person in the month: joins a row to IDS001mpi. Empty where no patient record was
--       accepted. Holds within one release.
--   OrgID_Provider: ODS code of the provider.
--   Person_ID: Pseudonym of the person.
--   SocPerCircumstance: Circumstance as submitted (SNOMED CT).
--   SocPerCircumstanceRecDate [date]: Day it was recorded.
