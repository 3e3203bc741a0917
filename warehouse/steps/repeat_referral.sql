-- work.repeat_referral
-- Grain: one row per referral that follows a finished course of the same person there.
-- The course before it is the one that ended last, 0 to 365 days before this referral was received.
CREATE TABLE work.repeat_referral AS
WITH followed AS (
    SELECT
        p.referral_number, e.complaint AS previous_complaint,
        date_diff('day', e.discharged_on, p.received_on) AS days_since_previous,
        row_number() OVER (
            PARTITION BY p.referral_number ORDER BY e.discharged_on DESC, e.service_request_id
        ) AS rank
    FROM core.pathway AS p
    INNER JOIN core.pathway AS e
        ON e.provider = p.provider AND e.person_id = p.person_id
        AND e.referral_number <> p.referral_number AND e.received_on <> p.received_on
        AND e.is_completed_course AND date_diff('day', e.discharged_on, p.received_on) BETWEEN 0 AND 365
)
SELECT referral_number, days_since_previous, previous_complaint
FROM followed
WHERE rank = 1
