-- work.therapy_offered
-- Grain: one row per referral with a therapy planned, given or refused: the types of therapy, in the alphabet.
-- Offered is what routine data show of an offer: a plan, a session or a refusal. Given is one session or more.
-- Codes of therapy types are three letters, so a type is found in the text by its code.
CREATE TABLE work.therapy_offered AS
WITH offered AS (
    SELECT referral_number, therapy_type, sessions > 0 AS is_given
    FROM core.therapy_course
    UNION ALL
    SELECT referral_number, therapy_type, false
    FROM core.activity
    WHERE is_refused AND therapy_type IS NOT NULL AND referral_number IS NOT NULL
)
SELECT
    referral_number, string_agg(DISTINCT therapy_type, ' ' ORDER BY therapy_type) AS therapies_offered,
    string_agg(DISTINCT therapy_type, ' ' ORDER BY therapy_type) FILTER (WHERE is_given) AS therapies_given
FROM offered
GROUP BY referral_number
