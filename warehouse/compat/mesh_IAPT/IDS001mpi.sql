-- mesh_IAPT.IDS001mpi
-- Grain: one row per provider, person and reported month; what is said of the person is what was last sent.
CREATE OR REPLACE VIEW mesh_IAPT.IDS001mpi AS
SELECT
    m.record_number AS RecordNumber, m.submission_id AS UniqueSubmissionID, m.audit_id AS AuditId,
    m.month_id AS Unique_MonthID, m.provider AS OrgID_Provider, CAST(m.person_id AS VARCHAR) AS Person_ID,
    CASE WHEN h.is_nationally_linked THEN CAST(m.person_id AS VARCHAR) END AS Pseudo_NHS_Number_NCDR,
    h.stated_gender AS Gender, h.gender_identity AS GenderIdentity, h.ethnic_category AS EthnicCategory,
    coalesce(h.ethnic_category, '-1') AS Validated_EthnicCategory,
    h.preferred_language AS LanguageCodePreferred,
    a.age AS Age_RP_EndDate,
    h.deprivation_area AS LSOA
FROM compat.person_month AS m
INNER JOIN core.person AS h ON h.provider = m.provider AND h.person_id = m.person_id
LEFT JOIN core.person_age AS a
    ON a.provider = m.provider AND a.person_id = m.person_id AND a.month <= m.month
    AND (a.next_month IS NULL OR a.next_month > m.month)

-- Columns of mesh_IAPT.IDS001mpi: One row per provider, person and reported month that carries the person;
--     attributes as last sent.
--   RecordNumber, key: Number of the person in the month: the key other tables join on. Holds within one release.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   OrgID_Provider: ODS code of the provider.
--   Person_ID: Pseudonym of the person.
--   Pseudo_NHS_Number_NCDR: Pseudonym of the person where a verified NHS number links providers; empty otherwise.
--   Gender: Gender code as stated.
--   GenderIdentity: Gender identity code; sent from version 2.1 of the dataset on.
--   EthnicCategory: Ethnic category as last sent: the national code (first character), 99 not known.
--   Validated_EthnicCategory: Ethnic category; -1 where none was sent.
--   LanguageCodePreferred: Preferred language as submitted.
--   Age_RP_EndDate [years]: Age at the end of the month, as that month or the last before it sent it.
--   LSOA: Class of postcode districts with the same deprivation: the smallest area kept. Joins
--       UKHF_Demography.Domains_Of_Deprivation_By_LSOA1.
