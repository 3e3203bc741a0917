-- monthly_count.course_length
-- Grain: one row per provider, month in which treatment in a step began, pathway, problem, step, whether treatment began
-- with it, number of sessions and how it ended: courses of a step.
-- A course that still runs says that it will have at least so many sessions. Without those, courses of long therapies
-- would look short, because the short ones end first.
-- A referral may stay open for months after its last session. With no session in the 90 days before the provider's last
-- month end a course is idle, and no longer under way: 99 of 100 sessions follow within 77 days of the one before.
CREATE TABLE monthly_count.course_length AS
WITH counted AS (
    SELECT referral_number, spell, count(*) AS sessions, max(contact_on) AS last_on
    FROM work.contact_step
    WHERE is_treatment
    GROUP BY referral_number, spell
),
told AS (
    SELECT provider, last_day(max(month)) AS until
    FROM core.reported_month
    GROUP BY provider
),
course AS (
    SELECT
        s.provider, s.referral_number, CAST(date_trunc('month', s.from_on) AS DATE) AS month, s.step,
        s.spell = 2 AS is_first, coalesce(c.sessions, 0) AS sessions,
        CASE WHEN s.ended_by IS NOT NULL THEN s.ended_by
            WHEN date_diff('day', coalesce(c.last_on, s.from_on), t.until) > 90 THEN 'idle' ELSE 'goes on' END
            AS ended_by,
        coalesce(s.next_step, 'none') AS next_step
    FROM core.step_of_care AS s
    INNER JOIN told AS t ON t.provider = s.provider
    LEFT JOIN counted AS c ON c.referral_number = s.referral_number AND c.spell = s.spell
    WHERE NOT s.is_waiting
)
SELECT
    s.provider, s.month, p.pathway,
    CASE WHEN w.measure_set = 'talking_therapies' THEN coalesce(g.problem_descriptor, 'not known') ELSE 'all' END
        AS problem,
    s.step, s.is_first, s.sessions, s.ended_by, s.next_step, count(*) AS courses
FROM course AS s
INNER JOIN core.pathway AS p ON p.referral_number = s.referral_number
INNER JOIN core.pathway_group AS g ON g.referral_number = s.referral_number
INNER JOIN ref.pathway AS w ON w.pathway = p.pathway
GROUP BY
    s.provider, s.month, p.pathway,
    CASE WHEN w.measure_set = 'talking_therapies' THEN coalesce(g.problem_descriptor, 'not known') ELSE 'all' END,
    s.step, s.is_first, s.sessions, s.ended_by, s.next_step

-- Columns of monthly_count.course_length: How many sessions courses of a step of care have had: one row per provider,
--     month in which the step began, pathway, problem, step, place, number of sessions and how it ended.
--   provider, key: ODS code of the provider as submitted.
--   month [month], key: First day of the month in which treatment in the step began.
--   pathway, key: Pathway code.
--   problem, key: Problem descriptor in Talking Therapies; 'all' for severe mental illness.
--   step, key: Step of care (core.step_of_care).
--   is_first, key: Whether treatment began with it; else the person came from another step.
--   sessions [sessions], key: Treatment contacts in the step so far.
--   ended_by, key: How it ended (core.step_of_care); 'goes on' while it does; 'idle' without a session in the last 90
--       days.
--   next_step, key: Step that followed; 'none' where none did.
--   courses: Courses of the step.
