-- work.contact_step
-- Grain: one row per contact of a referral: the spell of treatment that its day falls in, and its step of care. Both are
-- NULL before treatment; a treatment contact always has them.
-- A spell ends on the day on which the next one begins; that day is of the next. The last one has its last day too.
CREATE TABLE work.contact_step AS
SELECT
    c.referral_number, c.contact_number, c.provider, c.contact_on, c.pathway, c.appointment_type, c.attendance,
    c.is_treatment, s.spell, s.step
FROM core.contact AS c
LEFT JOIN core.step_of_care AS s
    ON s.referral_number = c.referral_number AND NOT s.is_waiting AND s.from_on <= c.contact_on
    AND (s.next_step IS NULL OR c.contact_on < s.to_on)
WHERE c.referral_number IS NOT NULL
