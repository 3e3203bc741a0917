-- work.follow_up_day
-- Grain: one row per referral and day all of whose attended contacts are follow-ups.
-- A 606 score does not name its contact: where its timepoint says nothing, it is a follow-up score on such a day.
CREATE TABLE work.follow_up_day AS
SELECT referral_number, contact_on
FROM core.contact
WHERE is_attended AND referral_number IS NOT NULL
GROUP BY referral_number, contact_on
HAVING bool_and(appointment_type = '06')
