-- core.social_circumstance
-- Grain: one row per provider, person, circumstance and day it was recorded on, over all months that carry it.
-- Where the patient's own row was rejected, the provider's token of the patient replaces the person.
CREATE TABLE core.social_circumstance AS
WITH known AS (
    SELECT
        s.provider, coalesce(p.person_id, s.LocalPatientId) AS person_id, s.SocPerCircumstance,
        s.SocPerCircumstanceRecDate, s.month
    FROM staged.IDS011 AS s
    LEFT JOIN work.patient AS p
        ON p.submission_id = s.submission_id AND p.local_patient_id = s.LocalPatientId
)
SELECT
    provider, person_id, SocPerCircumstance AS circumstance, SocPerCircumstanceRecDate AS recorded_on,
    min(month) AS first_month, max(month) AS last_month, count(*) AS submitted_records
FROM known
GROUP BY provider, person_id, SocPerCircumstance, SocPerCircumstanceRecDate

-- Columns of core.social_circumstance: One row per provider, person, circumstance and day it was recorded on
--     (IDS011).
--   provider, key: ODS code of the provider.
--   person_id, key: Pseudonym of the person; the provider's token of the patient where no patient record was
--       accepted.
--   circumstance, key: Circumstance as submitted (SNOMED CT).
--   recorded_on [date], key: Day it was recorded.
--   first_month [month]: First day of the earliest month that carries it.
--   last_month [month]: First day of the latest month that carries it.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
