-- work.therapy_summary
-- Grain: one row per referral with a therapy session or an internet log: what was given.
-- Employment support is no therapy here; internet-enabled therapy is one therapy, and of neither intensity.
CREATE TABLE work.therapy_summary AS
WITH by_programme AS (
    SELECT referral_number, programme, count(*) AS logs,
        CAST(sum(coalesce(therapist_minutes, 0)) AS BIGINT) AS minutes,
        -- Y before N: one log run by an integrated engine makes the pathway one.
        max(integrated_software) FILTER (WHERE integrated_software IN ('Y', 'N')) AS integrated_software
    FROM core.internet_log
    WHERE referral_number IS NOT NULL
    GROUP BY referral_number, programme
),
ranked AS (
    SELECT b.*,
        row_number() OVER (PARTITION BY referral_number ORDER BY minutes DESC, logs DESC, programme) AS rank
    FROM by_programme AS b
),
internet AS (
    SELECT referral_number, CAST(sum(logs) AS BIGINT) AS internet_logs,
        CAST(sum(minutes) AS BIGINT) AS internet_minutes, max(integrated_software) AS integrated_software,
        max(programme) FILTER (WHERE rank = 1) AS main_programme
    FROM ranked
    GROUP BY referral_number
),
given AS (
    SELECT referral_number, therapy_type, therapy_intensity AS intensity, contact_on
    FROM core.activity
    WHERE is_therapy_session AND therapy_type <> 'EMS'
    UNION ALL
    SELECT referral_number, 'IET', 'internet', CAST(NULL AS DATE)
    FROM internet
),
summed AS (
    SELECT
        referral_number,
        min(contact_on) FILTER (WHERE intensity = 'low') AS first_low_intensity_on,
        min(contact_on) FILTER (WHERE intensity = 'high') AS first_high_intensity_on,
        CASE WHEN min(therapy_type) = max(therapy_type) THEN min(therapy_type) ELSE 'more than one' END
            AS unique_therapy
    FROM given
    GROUP BY referral_number
)
SELECT
    s.referral_number, i.internet_logs, i.internet_minutes, i.integrated_software, i.main_programme,
    s.first_low_intensity_on, s.first_high_intensity_on, s.unique_therapy
FROM summed AS s
LEFT JOIN internet AS i ON i.referral_number = s.referral_number
