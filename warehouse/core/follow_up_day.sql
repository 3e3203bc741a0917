-- work.follow_up_day
-- Grain: one row per provider, service request and day with an attended contact.
-- A 606 score does not name its contact: where its timepoint says nothing, it is a follow-up score when every
-- attended contact of its day is one.
CREATE TABLE work.follow_up_day AS
SELECT
    provider, service_request_id, contact_on,
    bool_and(appointment_type = '06') AS is_follow_up
FROM core.contact
WHERE is_attended
GROUP BY provider, service_request_id, contact_on
