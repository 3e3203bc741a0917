-- core.activity
-- Grain: one row per provider and care activity: the latest month that carries it. Dated by its contact.
-- CodeProcAndProcStatus is a SNOMED expression: procedure, and after a colon its status (443390004: refused).
CREATE TABLE core.activity AS
WITH ranked AS (
    SELECT
        provider, CareActId, CareContactId, month, CarePersLocalId, ClinContactDurOfCareAct,
        split_part(CodeProcAndProcStatus, ':', 1) AS procedure_code, CodeProcAndProcStatus, CodeObs, ObsValue,
        row_number() OVER (PARTITION BY provider, CareActId ORDER BY month DESC, row_number DESC) AS recency,
        count(*) OVER (PARTITION BY provider, CareActId) AS submitted_records
    FROM staged.IDS202
)
SELECT
    a.provider, a.CareActId AS care_activity_id, a.CareContactId AS care_contact_id, c.service_request_id,
    a.month, a.submitted_records, c.contact_on, c.contact_time, c.appointment_type,
    a.CarePersLocalId AS staff_id, a.ClinContactDurOfCareAct AS duration_minutes, a.procedure_code,
    t.therapy_type, t.therapy, t.intensity AS therapy_intensity,
    coalesce(a.CodeProcAndProcStatus LIKE '%443390004%', false) AS is_refused,
    coalesce(c.is_treatment AND t.therapy IS NOT NULL
        AND a.CodeProcAndProcStatus NOT LIKE '%443390004%', false) AS is_therapy_session
FROM ranked AS a
LEFT JOIN core.contact AS c ON c.provider = a.provider AND c.care_contact_id = a.CareContactId
LEFT JOIN ref.therapy AS t ON t.snomed = a.procedure_code
WHERE a.recency = 1
