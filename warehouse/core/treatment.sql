-- work.treatment
-- Grain: one row per provider and service request with a contact: how many, and when treatment happened.
CREATE TABLE work.treatment AS
SELECT
    provider, service_request_id,
    count(*) AS care_contacts,
    count(*) FILTER (WHERE is_attended) AS attended_contacts,
    count(*) FILTER (WHERE is_treatment) AS treatment_contacts,
    min(contact_on) FILTER (WHERE is_assessment) AS first_assessment_on,
    min(contact_on) FILTER (WHERE session_number = 1) AS first_treatment_on,
    min(contact_on) FILTER (WHERE session_number = 2) AS second_treatment_on,
    max(contact_on) FILTER (WHERE is_treatment) AS last_treatment_on
FROM core.contact
GROUP BY provider, service_request_id
