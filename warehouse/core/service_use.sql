-- core.service_use
-- Grain: one row per provider and service use (spell, crisis contact, incident ...), as last submitted.
CREATE TABLE core.service_use AS
SELECT
    s.provider, s.ServiceUseId AS service_use_id, p.person_id, s.month AS last_month, l.submitted_records,
    s.ServiceUseType AS service_use_type, s.ServiceUseStartDate AS started_on, s.ServiceUseEndDate AS ended_on,
    s.ServiceUseCount AS occurrences
FROM staged.SMI501 AS s
INNER JOIN staged.SMI501_latest AS l
    ON l.provider = s.provider AND l.recency = s.recency
LEFT JOIN work.patient AS p
    ON p.submission_id = s.submission_id AND p.local_patient_id = s.LocalPatientId

-- Columns of core.service_use: One row per service use (SMI501): spell, crisis contact, incident; as last
--     submitted.
--   provider, key: ODS code of the provider.
--   service_use_id, key: Pseudonym of the provider's service use id.
--   person_id: Pseudonym of the person: the same at every provider if the NHS number is verified, else only at
--       this provider.
--   last_month [month]: First day of the latest month that carries it.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   service_use_type: Type of service use (ref.code service_use_type).
--   started_on [date]: First day.
--   ended_on [date]: Last day; NULL while it lasts.
--   occurrences: Number of occurrences in the row.
