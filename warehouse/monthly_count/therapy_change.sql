-- monthly_count.therapy_change
-- Grain: one row per provider, commissioner, month of discharge, problem descriptor, type of therapy and instrument.
CREATE TABLE monthly_count.therapy_change AS
SELECT
    c.provider, c.commissioner, c.month, c.problem, c.therapy_type, i.instrument, count(*) AS pairs,
    sum(p.first_score) AS first_total, sum(p.first_score * p.first_score) AS first_squares,
    sum(p.last_score) AS last_total, sum(p.last_score * p.last_score) AS last_squares
FROM work.course_of_therapy AS c
INNER JOIN work.therapy_pair AS p ON p.referral_number = c.referral_number AND p.therapy_type = c.therapy_type
INNER JOIN ref.instrument AS i ON i.position = p.position
WHERE p.last_score IS NOT NULL
GROUP BY c.provider, c.commissioner, c.month, c.problem, c.therapy_type, i.instrument
UNION ALL
SELECT provider, commissioner, month, problem, therapy_type, 'any', count(*), NULL, NULL, NULL, NULL
FROM work.course_of_therapy
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
