-- work.employment_support_contact
-- Grain: one row per referral and day with an employment support contact.
-- That is a contact attended or unplanned with an activity coded employment support that was not refused: of any
-- type from referral to discharge, follow-up (06) after it.
CREATE TABLE work.employment_support_contact AS
SELECT a.referral_number, c.contact_on, count(DISTINCT c.contact_number) AS contacts
FROM core.activity AS a
INNER JOIN core.contact AS c
    ON c.referral_number = a.referral_number AND c.contact_number = a.contact_number
INNER JOIN core.pathway AS p ON p.referral_number = a.referral_number
WHERE a.therapy_type = 'EMS' AND NOT a.is_refused AND (c.is_attended OR c.planned = 'N')
    AND c.contact_on >= p.received_on
    AND (p.discharged_on IS NULL OR c.contact_on <= p.discharged_on OR c.appointment_type = '06')
GROUP BY a.referral_number, c.contact_on
