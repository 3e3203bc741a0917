-- monthly_count.therapy_change
-- Grain: one row per provider, commissioner, month of discharge, problem descriptor, type of therapy and instrument.
-- A course of therapy as NHS England's annual report defines it (2023-24, appendix B): a finished course of
-- treatment with two sessions of the therapy or more. One person may have several. Scores are those from the first
-- to the last session of the therapy: published first scores are lower where another therapy came before.
CREATE TABLE monthly_count.therapy_change AS
WITH course AS (
    SELECT
        p.referral_number, p.provider, coalesce(p.commissioner, 'unknown') AS commissioner, s.month,
        coalesce(CAST(g.problem_descriptor AS VARCHAR), 'not known') AS problem, t.therapy_type, t.first_on, t.last_on
    FROM core.therapy_course AS t
    INNER JOIN core.pathway AS p ON p.referral_number = t.referral_number
    INNER JOIN core.pathway_group AS g ON g.referral_number = t.referral_number
    -- Only months that the provider reported, as everywhere: England is the sum of its providers.
    INNER JOIN core.reported_month AS s
        ON s.provider = p.provider AND s.month = CAST(date_trunc('month', p.discharged_on) AS DATE)
    WHERE p.is_completed_course AND t.sessions >= 2 AND t.therapy_type <> 'EMS'
),
paired AS (
    SELECT
        c.referral_number, c.therapy_type, s.position, arg_min(s.score, s.score_order) AS first_score,
        arg_max(s.score, s.score_order) AS last_score
    FROM course AS c
    INNER JOIN work.counted_score AS s
        ON s.referral_number = c.referral_number AND s.scored_on BETWEEN c.first_on AND c.last_on
    GROUP BY c.referral_number, c.therapy_type, s.position
    HAVING count(*) > 1
)
SELECT
    c.provider, c.commissioner, c.month, c.problem, c.therapy_type, i.instrument, count(*) AS pairs,
    sum(p.first_score) AS first_total, sum(p.first_score * p.first_score) AS first_squares,
    sum(p.last_score) AS last_total, sum(p.last_score * p.last_score) AS last_squares
FROM course AS c
INNER JOIN paired AS p ON p.referral_number = c.referral_number AND p.therapy_type = c.therapy_type
INNER JOIN ref.instrument AS i ON i.position = p.position
GROUP BY c.provider, c.commissioner, c.month, c.problem, c.therapy_type, i.instrument
UNION ALL
SELECT provider, commissioner, month, problem, therapy_type, 'any', count(*), NULL, NULL, NULL, NULL
FROM course
GROUP BY provider, commissioner, month, problem, therapy_type

-- Columns of monthly_count.therapy_change: Courses of therapy and the sums of their scores: behind mart.therapy_change.
--   provider, key: ODS code of the provider as submitted.
--   commissioner, key: ODS code of the commissioner of the referral; 'unknown' when none was given.
--   month [month], key: First day of the month of discharge.
--   problem, key: Problem descriptor (mart.breakdown_group).
--   therapy_type, key: Type of therapy (ref.code therapy_type).
--   instrument, key: Short id of the instrument; 'any' counts all courses, measured or not.
--   pairs: Courses of therapy with two scores on the instrument; for 'any' all courses.
--   first_total [points]: Sum of first scores.
--   first_squares [squared points]: Sum of their squares.
--   last_total [points]: Sum of last scores.
--   last_squares [squared points]: Sum of their squares.
