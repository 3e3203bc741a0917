-- mesh_IAPT.IDS001mpi
-- Grain: one row per provider, person and reported month; what is said of the person is what was last sent.
CREATE OR REPLACE VIEW mesh_IAPT.IDS001mpi AS
SELECT
    m.record_number AS RecordNumber, m.submission_id AS UniqueSubmissionID, m.audit_id AS AuditId,
    m.month_id AS Unique_MonthID, m.provider AS OrgID_Provider, m.person_id AS Person_ID,
    CASE WHEN h.is_nationally_linked THEN m.person_id END AS Pseudo_NHS_Number_NCDR, h.gender AS Gender,
    h.gender AS GenderIdentity, h.ethnic_category AS EthnicCategory,
    coalesce(h.ethnic_category, '-1') AS Validated_EthnicCategory,
    h.preferred_language AS LanguageCodePreferred,
    CASE WHEN m.month = h.last_month THEN h.age_at_period_end END AS Age_RP_EndDate,
    h.postcode_district AS LSOA
FROM compat.person_month AS m
INNER JOIN core.person AS h ON h.provider = m.provider AND h.person_id = m.person_id
