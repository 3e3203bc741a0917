-- core.therapy_intensity
-- Grain: one row per provider and service request with a session of low or high intensity: how many, and its stages.
-- Therapies and their intensity are those that M112, M120 and M347 to M367 list; a log of internet-enabled therapy is
-- a session of high intensity on its first day. Stages leave out counselling for depression and collaborative care.
-- A stage is two sessions or more of one intensity in a row. One single session before the first stage is ignored;
-- with more of them there is no stage. Single sessions of both kinds between two stages mean that the second does
-- not follow the first (M349). A contact with several therapies of one intensity is one session of a stage.
-- Of one day low comes before high: the source says so of one contact, and the order of a day's contacts is unknown.
CREATE TABLE core.therapy_intensity AS
WITH given AS (
    SELECT
        referral_number, CAST(care_contact_id AS VARCHAR) AS session_id, contact_on AS session_on, therapy_type,
        CASE WHEN therapy_type IN ('GSB', 'NSB', 'GSC', 'NSC', 'PHA', 'PSE', 'OLI', 'SIG') THEN 'low' ELSE 'high' END
            AS intensity
    FROM core.activity
    WHERE is_therapy_session AND is_first_of_therapy AND therapy_type IN (
        'GSB', 'NSB', 'GSC', 'NSC', 'PHA', 'PSE', 'OLI', 'SIG',
        'REL', 'CTD', 'COL', 'CFD', 'BDT', 'EMD', 'MBC', 'OHI', 'CBT', 'IPT')
    UNION ALL
    SELECT
        referral_number, concat_ws('|', programme, log_started_on, log_ended_on), log_started_on, 'IET', 'high'
    FROM core.internet_log
    WHERE referral_number IS NOT NULL
),
counted AS (
    SELECT
        referral_number, count(*) FILTER (WHERE intensity = 'low') AS low_intensity_sessions,
        count(*) FILTER (WHERE intensity = 'high') AS high_intensity_sessions
    FROM given
    GROUP BY referral_number
),
numbered AS (
    SELECT
        referral_number, session_on, intensity, row_number() OVER (
            PARTITION BY referral_number ORDER BY session_on, intensity DESC, session_id
        ) AS session
    FROM (
        SELECT DISTINCT referral_number, session_id, session_on, intensity
        FROM given
        WHERE therapy_type NOT IN ('COL', 'CFD')
    )
),
-- By the number of the session: two sessions of one day would be numbered in any order, and part a stage.
counted_in_a_row AS (
    SELECT
        referral_number, session_on, intensity, session,
        session - row_number() OVER (PARTITION BY referral_number, intensity ORDER BY session) AS run
    FROM numbered
),
in_a_row AS (
    SELECT
        referral_number, intensity, min(session) AS session, count(*) AS sessions, min(session_on) AS first_on,
        max(session_on) AS last_on
    FROM counted_in_a_row
    GROUP BY referral_number, intensity, run
),
followed AS (
    SELECT
        r.*, row_number() OVER (PARTITION BY referral_number, sessions > 1 ORDER BY session) AS place,
        lead(first_on) OVER in_time AS next_on, lead(sessions) OVER in_time AS next_sessions
    FROM in_a_row AS r
    WINDOW in_time AS (PARTITION BY referral_number ORDER BY session)
)
SELECT
    c.referral_number, r.provider, r.service_request_id, c.low_intensity_sessions, c.high_intensity_sessions,
    s.intensity AS first_stage, s.first_on AS first_stage_from, s.last_on AS first_stage_to,
    CASE WHEN s.next_sessions > 1 THEN s.next_on END AS next_stage_from
FROM counted AS c
INNER JOIN work.referral AS r ON r.referral_number = c.referral_number
-- session is the number of the stage's first session: one before it at most.
LEFT JOIN followed AS s
    ON s.referral_number = c.referral_number AND s.sessions > 1 AND s.place = 1 AND s.session <= 2

-- Columns of core.therapy_intensity: One row per service request with a session of low or high intensity therapy:
--     how many sessions, and the first stage of two or more sessions of one intensity in a row (M347 to M367).
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   low_intensity_sessions [sessions]: Sessions of low intensity; a contact counts once for each of its therapies.
--   high_intensity_sessions [sessions]: Sessions of high intensity, logs of internet-enabled therapy among them; a
--       contact counts once for each of its therapies.
--   first_stage: Intensity of the first stage, low or high; NULL when there is none, or when more than one single
--       session came before it.
--   first_stage_from [date]: Day of its first session.
--   first_stage_to [date]: Day of its last session.
--   next_stage_from [date]: First day of a stage of the other intensity that follows directly; NULL when none does.
