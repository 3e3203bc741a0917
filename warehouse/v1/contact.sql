-- v1.contact
-- Grain: one row per provider, care contact and month that carries it. One row of care each: not for publication.
CREATE OR REPLACE VIEW v1.contact AS
SELECT
    provider, CAST(care_contact_id AS VARCHAR) AS care_contact_id, month,
    CAST(service_request_id AS VARCHAR) AS service_request_id, pathway, contact_on, appointment_type, attendance,
    is_attended, is_assessment, is_treatment, duration_minutes, medium, therapy_mode, commissioner, site
FROM core.contact

-- Columns of v1.contact: One row per care contact, as last submitted. Pseudonymised records: not for publication.
--   provider, key: ODS code of the provider.
--   care_contact_id, key: Pseudonym of the provider's care contact id.
--   month [month], key: First day of the month of the latest submission that carries the contact.
--   service_request_id: Pseudonym of the provider's referral id (v1.referral).
--   pathway: Pathway code of the referral; NULL where the referral was rejected.
--   contact_on [date]: Day of the contact.
--   appointment_type: Appointment type: 01 assessment, 02 treatment, 03 both, 06 follow-up …
--   attendance: Attendance code: 5 on time, 6 late but seen, 3 did not attend, 2 and 4 cancelled, 7 too late, 0 future.
--   is_attended: Whether the attendance code is 5 or 6.
--   is_assessment: Whether it counts as an assessment contact.
--   is_treatment: Whether it counts as a treatment contact: type 02, 03 or 05, attended or unplanned, from referral to
--       discharge.
--   duration_minutes [minutes]: Clinical contact duration.
--   medium: How the contact took place (code of the consultation mechanism or medium).
--   therapy_mode: 1 individual, 2 couple, 3 group.
--   commissioner: ODS code of the commissioner.
--   site: ODS code of the site where the contact took place; NULL when not sent.
