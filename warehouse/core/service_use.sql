-- core.service_use
-- Grain: one row per provider and service use (spell, crisis contact, incident ...), as last submitted.
CREATE TABLE core.service_use AS
WITH ranked AS (
    SELECT
        s.provider, s.ServiceUseId, p.person_id, s.month, s.ServiceUseType, s.ServiceUseStartDate,
        s.ServiceUseEndDate, s.ServiceUseCount,
        row_number() OVER (
            PARTITION BY s.provider, s.ServiceUseId ORDER BY s.month DESC, s.row_number DESC
        ) AS recency,
        count(*) OVER (PARTITION BY s.provider, s.ServiceUseId) AS submitted_records
    FROM staged.SMI501 AS s
    LEFT JOIN work.patient AS p
        ON p.submission_id = s.submission_id AND p.local_patient_id = s.LocalPatientId
)
SELECT
    provider, ServiceUseId AS service_use_id, person_id, month AS last_month, submitted_records,
    ServiceUseType AS service_use_type, ServiceUseStartDate AS started_on, ServiceUseEndDate AS ended_on,
    ServiceUseCount AS occurrences
FROM ranked
WHERE recency = 1
