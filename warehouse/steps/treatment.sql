-- work.treatment
-- Grain: one row per referral with a contact: how many, and when treatment happened.
-- Two contacts on one day are two sessions: the second may be on the day of the first.
CREATE TABLE work.treatment AS
WITH numbered AS (
    SELECT
        referral_number, contact_on, row_number() OVER (PARTITION BY referral_number ORDER BY contact_on) AS session
    FROM core.contact
    WHERE is_treatment
),
treated AS (
    SELECT
        referral_number, count(*) AS treatment_contacts, min(contact_on) AS first_treatment_on,
        max(contact_on) AS last_treatment_on, min(contact_on) FILTER (WHERE session = 2) AS second_treatment_on
    FROM numbered
    GROUP BY referral_number
),
seen AS (
    SELECT
        referral_number, count(*) AS care_contacts, count(*) FILTER (WHERE is_attended) AS attended_contacts,
        min(contact_on) FILTER (WHERE is_assessment) AS first_assessment_on
    FROM core.contact
    WHERE referral_number IS NOT NULL
    GROUP BY referral_number
)
SELECT
    s.referral_number, s.care_contacts, s.attended_contacts, coalesce(t.treatment_contacts, 0) AS treatment_contacts,
    s.first_assessment_on, t.first_treatment_on, t.second_treatment_on, t.last_treatment_on
FROM seen AS s
LEFT JOIN treated AS t ON t.referral_number = s.referral_number
