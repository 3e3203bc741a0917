-- monthly_count.therapy_outcome
-- Grain: one row per provider, commissioner, month of discharge, problem descriptor and type of therapy.
-- Caseness, recovery and reliable change as of a whole course (work.recovery), from the scores of the therapy. The
-- anxiety measure is that of the whole course (work.anxiety). Talking Therapies only: recovery is theirs.
CREATE TABLE monthly_count.therapy_outcome AS
WITH judged AS (
    SELECT
        p.referral_number, p.therapy_type, i.role = 'depression' AS is_depression,
        is_case(f.caseness_test, p.first_score, f.caseness) AS is_case_first,
        is_in_recovery(l.caseness_test, p.last_score, l.recovery_cut_off) AS is_in_recovery_last,
        change_of(gain_of(i.direction, p.first_score, p.last_score), l.reliable_change) AS change
    FROM work.therapy_pair AS p
    INNER JOIN ref.instrument AS i ON i.position = p.position
    LEFT JOIN work.anxiety AS x ON x.referral_number = p.referral_number
    LEFT JOIN ref.instrument_cut_off AS f
        ON f.position = p.position AND holds_on(f.valid_from, f.valid_to, p.first_on)
    LEFT JOIN ref.instrument_cut_off AS l
        ON l.position = p.position AND holds_on(l.valid_from, l.valid_to, p.last_on)
    WHERE i.role = 'depression' OR i.instrument = x.instrument
),
sided AS (
    SELECT
        c.*, d.is_case_first OR a.is_case_first AS is_case_first,
        coalesce(d.is_in_recovery_last AND a.is_in_recovery_last, false) AS is_below_both_last,
        change_of_both(d.change, a.change) AS change
    FROM work.course_of_therapy AS c
    INNER JOIN ref.pathway AS w ON w.pathway = c.pathway AND w.measure_set = 'talking_therapies'
    LEFT JOIN judged AS d
        ON d.referral_number = c.referral_number AND d.therapy_type = c.therapy_type AND d.is_depression
    LEFT JOIN judged AS a
        ON a.referral_number = c.referral_number AND a.therapy_type = c.therapy_type AND NOT a.is_depression
)
SELECT
    provider, commissioner, month, problem, therapy_type, count(*) AS courses,
    count(*) FILTER (WHERE NOT is_case_first) AS not_at_caseness,
    count(*) FILTER (WHERE is_case_first AND is_below_both_last) AS recovered,
    count(*) FILTER (WHERE is_case_first AND is_below_both_last AND change = 'improved') AS reliably_recovered,
    count(*) FILTER (WHERE change = 'improved') AS improved, count(*) FILTER (WHERE change = 'no change') AS unchanged,
    count(*) FILTER (WHERE change = 'deteriorated') AS deteriorated
FROM sided
GROUP BY provider, commissioner, month, problem, therapy_type

-- Columns of monthly_count.therapy_outcome: Courses of therapy and what became of them: behind mart.therapy_outcome.
--   provider, key: ODS code of the provider as submitted.
--   commissioner, key: ODS code of the commissioner of the referral; 'unknown' when none was given.
--   month [month], key: First day of the month of discharge.
--   problem, key: Problem descriptor (mart.breakdown_group).
--   therapy_type, key: Type of therapy (ref.code therapy_type).
--   courses: Courses of therapy.
--   not_at_caseness: Of these, with both first scores below their cut-offs.
--   recovered: At caseness first, and below both cut-offs last.
--   reliably_recovered: Recovered and reliably improved.
--   improved: Reliably better on PHQ-9 or the anxiety measure, and not reliably worse on the other.
--   unchanged: Both measures paired, and no reliable change.
--   deteriorated: Reliably worse on one, and not reliably better on the other.
