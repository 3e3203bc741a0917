-- core.service_use
-- Grain: one row per provider and service use (spell, crisis contact, incident ...), as last submitted.
CREATE TABLE core.service_use AS
WITH latest AS (
    SELECT
        provider, count(*) AS submitted_records, max(recency) AS recency
    FROM staged.SMI501
    GROUP BY provider, ServiceUseId
)
SELECT
    s.provider, s.ServiceUseId AS service_use_id, p.person_id, s.month AS last_month, l.submitted_records,
    s.ServiceUseType AS service_use_type, s.ServiceUseStartDate AS started_on, s.ServiceUseEndDate AS ended_on,
    s.ServiceUseCount AS occurrences
FROM staged.SMI501 AS s
INNER JOIN latest AS l
    ON l.provider = s.provider AND l.recency = s.recency
LEFT JOIN work.patient AS p
    ON p.submission_id = s.submission_id AND p.local_patient_id = s.LocalPatientId
