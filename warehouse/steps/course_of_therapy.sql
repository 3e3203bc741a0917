-- work.course_of_therapy
-- Grain: one row per referral and type of therapy: a course of therapy as NHS England's annual report defines it.
-- (2023-24, appendix B): a finished course of treatment with two sessions of the therapy or more. One person may have
-- several. Only months that the provider reported, as everywhere: England is the sum of its providers.
CREATE TABLE work.course_of_therapy AS
SELECT
    p.referral_number, p.provider, coalesce(p.commissioner, 'unknown') AS commissioner, p.pathway, s.month,
    coalesce(CAST(g.problem_descriptor AS VARCHAR), 'not known') AS problem, t.therapy_type, t.first_on, t.last_on
FROM core.therapy_course AS t
INNER JOIN core.pathway AS p ON p.referral_number = t.referral_number
INNER JOIN core.pathway_group AS g ON g.referral_number = t.referral_number
INNER JOIN core.reported_month AS s
    ON s.provider = p.provider AND s.month = CAST(date_trunc('month', p.discharged_on) AS DATE)
WHERE p.is_completed_course AND t.sessions >= 2 AND t.therapy_type <> 'EMS'
