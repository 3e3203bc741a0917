-- core.activity
-- Grain: one row per provider and care activity: the latest month that carries it. Dated by its contact.
-- CodeProcAndProcStatus is a SNOMED expression: procedure, and after a colon its status (443390004: refused).
-- is_first_of_therapy: several activities of one therapy in one contact are one session of it; refused is none.
CREATE TABLE core.activity AS
WITH dated AS (
    SELECT
        c.referral_number, a.provider, a.CareActId, a.CareContactId, c.service_request_id, a.month,
        coalesce(d.submitted_records, 1) AS submitted_records, c.contact_on, c.contact_time, c.appointment_type,
        a.CarePersLocalId, a.ClinContactDurOfCareAct, c.is_treatment,
        split_part(a.CodeProcAndProcStatus, ':', 1) AS procedure_code,
        coalesce(contains(a.CodeProcAndProcStatus, '443390004'), false) AS is_refused
    FROM staged.IDS202 AS a
    LEFT JOIN staged.IDS202_latest AS d
        ON d.provider = a.provider AND d.CareActId = a.CareActId AND d.submitted_records > 1
    LEFT JOIN core.contact AS c ON c.provider = a.provider AND c.care_contact_id = a.CareContactId
    WHERE d.recency IS NULL OR d.recency = a.recency
),
first_of_therapy AS (
    SELECT a.provider, a.CareContactId, t.therapy_type, min(a.CareActId) AS CareActId
    FROM dated AS a
    INNER JOIN ref.therapy AS t ON t.snomed = a.procedure_code
    WHERE NOT a.is_refused
    GROUP BY a.provider, a.CareContactId, t.therapy_type
)
SELECT
    a.referral_number, a.provider, a.CareActId AS care_activity_id, a.CareContactId AS care_contact_id,
    a.service_request_id, a.month, a.submitted_records, a.contact_on, a.contact_time, a.appointment_type,
    a.CarePersLocalId AS staff_id, a.ClinContactDurOfCareAct AS duration_minutes, a.procedure_code,
    t.therapy_type, t.therapy, t.intensity AS therapy_intensity, a.is_refused,
    coalesce(a.is_treatment AND t.therapy IS NOT NULL AND NOT a.is_refused, false) AS is_therapy_session,
    f.CareActId IS NOT NULL AS is_first_of_therapy
FROM dated AS a
LEFT JOIN ref.therapy AS t ON t.snomed = a.procedure_code
LEFT JOIN first_of_therapy AS f ON f.provider = a.provider AND f.CareActId = a.CareActId

-- Columns of core.activity: One row per provider and care activity (IDS202), dated by its contact.
--   provider, key: ODS code of the provider.
--   care_activity_id, key: Pseudonym of the provider's care activity id.
--   care_contact_id: Pseudonym of the provider's care contact id.
--   service_request_id: Pseudonym of the provider's referral id.
--   month [month]: First day of the month of the latest submission that carries the row.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   contact_on [date]: Day of the contact.
--   contact_time [HH:MM:SS]: Time of the contact as submitted.
--   appointment_type: Appointment type (ref.code appointment_type): 01 assessment, 02 treatment, 03 both, 06
--       follow-up …
--   staff_id: Pseudonym of the member of staff.
--   duration_minutes [minutes]: Clinical contact duration.
--   procedure_code [SNOMED CT]: Procedure, without its status.
--   therapy_type: Type of therapy (ref.code therapy_type); NULL when the procedure is not a therapy.
--   therapy: Name of the therapy.
--   therapy_intensity: Intensity of the therapy as the national statistics group it: low or high.
--   is_refused: Whether the procedure's status says that it was refused.
--   is_therapy_session: Whether a therapy was given in a treatment contact.
--   is_first_of_therapy: Whether it is the first activity of its contact and type of therapy: several activities
--       of one therapy in one contact are one session.
