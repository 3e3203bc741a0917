-- core.activity
-- Grain: one row per provider, care activity and day of its contact: the latest month that carries it.
-- An id that comes again in another month for a contact of another day is another activity (core.contact).
-- CodeProcAndProcStatus is a SNOMED expression: procedure, and after a colon its status (443390004: refused).
-- is_first_of_therapy: several activities of one therapy in one contact are one session of it; refused is none.
CREATE TABLE core.activity AS
WITH again AS (
    -- Few ids come twice: only those are looked at.
    SELECT
        a.provider, a.CareActId, c.contact_on, max(a.recency) AS recency, count(*) AS submitted_records,
        count(*) OVER (PARTITION BY a.provider, a.CareActId) > 1 AS is_id_reused
    FROM staged.IDS202 AS a
    INNER JOIN (SELECT provider, CareActId FROM staged.IDS202_latest WHERE submitted_records > 1) AS d
        ON d.provider = a.provider AND d.CareActId = a.CareActId
    LEFT JOIN core.contact AS c
        ON c.provider = a.provider AND c.care_contact_id = a.CareContactId
        AND (NOT c.is_id_reused OR date_trunc('month', c.contact_on) = a.month)
    GROUP BY a.provider, a.CareActId, c.contact_on
),
latest AS (
    SELECT
        c.referral_number, c.contact_number, a.provider, a.submitted_by, a.CareActId, a.CareContactId,
        c.service_request_id, a.month, c.contact_on, c.contact_time, c.appointment_type, a.CarePersLocalId,
        a.ClinContactDurOfCareAct, c.is_treatment, split_part(a.CodeProcAndProcStatus, ':', 1) AS procedure_code,
        coalesce(contains(a.CodeProcAndProcStatus, '443390004'), false) AS is_refused,
        coalesce(d.submitted_records, 1) AS submitted_records, coalesce(d.is_id_reused, false) AS is_id_reused
    FROM staged.IDS202 AS a
    LEFT JOIN core.contact AS c
        ON c.provider = a.provider AND c.care_contact_id = a.CareContactId
        AND (NOT c.is_id_reused OR date_trunc('month', c.contact_on) = a.month)
    LEFT JOIN again AS d
        ON d.provider = a.provider AND d.CareActId = a.CareActId AND d.contact_on IS NOT DISTINCT FROM c.contact_on
    WHERE d.recency IS NULL OR d.recency = a.recency
),
repeated AS (
    -- Contacts with several activities of one therapy, and the first of these.
    SELECT a.provider, a.CareContactId, a.contact_on, t.therapy_type, min(a.CareActId) AS first_activity
    FROM latest AS a
    INNER JOIN ref.therapy AS t ON t.snomed = a.procedure_code
    WHERE NOT a.is_refused
    GROUP BY a.provider, a.CareContactId, a.contact_on, t.therapy_type
    HAVING count(*) > 1
)
SELECT
    a.referral_number, a.contact_number, a.provider, a.submitted_by, a.CareActId AS care_activity_id,
    a.CareContactId AS care_contact_id, a.service_request_id, a.month, a.submitted_records, a.contact_on,
    a.contact_time, a.appointment_type, a.CarePersLocalId AS staff_id, a.ClinContactDurOfCareAct AS duration_minutes,
    a.procedure_code, t.therapy_type, t.therapy, t.intensity AS therapy_intensity, a.is_refused,
    coalesce(a.is_treatment AND t.therapy IS NOT NULL AND NOT a.is_refused, false) AS is_therapy_session,
    t.therapy_type IS NOT NULL AND NOT a.is_refused AND coalesce(f.first_activity = a.CareActId, true)
        AS is_first_of_therapy,
    k.staff_id IS NOT NULL AS is_staff_therapy_known,
    coalesce(h.trained_on <= a.contact_on, false) AS is_staff_trained,
    coalesce(
        h.supervised_from <= a.contact_on AND (h.supervised_to IS NULL OR a.contact_on <= h.supervised_to), false
    ) AS is_staff_supervised,
    a.is_id_reused
FROM latest AS a
LEFT JOIN ref.therapy AS t ON t.snomed = a.procedure_code
LEFT JOIN repeated AS f
    ON f.provider = a.provider AND f.CareContactId = a.CareContactId AND f.contact_on IS NOT DISTINCT FROM a.contact_on
    AND f.therapy_type = t.therapy_type
-- Staff are those of the provider that sent the activity, in the month for which it sent it.
LEFT JOIN (SELECT DISTINCT provider, staff_id, month FROM core.staff_therapy) AS k
    ON k.provider = a.submitted_by AND k.staff_id = a.CarePersLocalId AND k.month = a.month
LEFT JOIN core.staff_therapy AS h
    ON h.provider = a.submitted_by AND h.staff_id = a.CarePersLocalId AND h.month = a.month
    AND h.therapy_type = t.therapy_type

-- Columns of core.activity: One row per provider, care activity and day of its contact (IDS202).
--   provider, key: ODS code of the provider.
--   submitted_by: ODS code of the provider that sent the row: itself, or one whose place it has taken. staff_id is
--       that provider's.
--   care_activity_id, key: Pseudonym of the provider's care activity id.
--   care_contact_id: Pseudonym of the provider's care contact id.
--   service_request_id: Pseudonym of the provider's referral id.
--   month [month], key: First day of the month of the latest submission that carries the row.
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
--   is_staff_therapy_known: Whether training or supervision of the member of staff, in any therapy, was submitted for
--       the month (core.staff_therapy).
--   is_staff_trained: Whether the training of the member of staff in this therapy was completed by the day.
--   is_staff_supervised: Whether the member of staff was under supervision in this therapy on the day.
--   is_id_reused: Whether the provider used the same care activity id for a contact of another day.
