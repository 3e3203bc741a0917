-- mart.therapy_outcome
-- Grain: one row per level, organisation, year, problem descriptor and type of therapy.
-- The layout and the denominators of NHS England's annual outcomes by therapy: recovery is of courses of therapy
-- without those not at caseness, reliable change is of all courses of therapy, paired or not.
CREATE TABLE mart.therapy_outcome AS
WITH placed AS (
    SELECT w.level, w.organisation, t.period_type, t.period_start, m.* EXCLUDE (provider, commissioner, month)
    FROM monthly_count.therapy_outcome AS m
    INNER JOIN work.care_period AS t ON t.month = m.month
    INNER JOIN work.commissioned_place AS w ON w.provider = m.provider AND w.commissioner = m.commissioner
),
added AS (
    SELECT
        level, organisation, period_type, period_start,
        CASE WHEN grouping(problem) = 1 THEN 'all' ELSE problem END AS problem, therapy_type,
        CAST(sum(courses) AS BIGINT) AS courses, CAST(sum(not_at_caseness) AS BIGINT) AS not_at_caseness,
        CAST(sum(recovered) AS BIGINT) AS recovered, CAST(sum(reliably_recovered) AS BIGINT) AS reliably_recovered,
        CAST(sum(improved) AS BIGINT) AS improved, CAST(sum(unchanged) AS BIGINT) AS unchanged,
        CAST(sum(deteriorated) AS BIGINT) AS deteriorated
    FROM placed
    GROUP BY GROUPING SETS (
        (level, organisation, period_type, period_start, therapy_type, problem),
        (level, organisation, period_type, period_start, therapy_type)
    )
)
SELECT
    'submitted' AS source, level, organisation, period_type, period_start, problem, therapy_type, courses,
    not_at_caseness, recovered, reliably_recovered, improved, unchanged, deteriorated,
    recovered / nullif(courses - not_at_caseness, 0) AS recovery,
    mart.wilson_low(recovered, courses - not_at_caseness, mart.z_95()) AS recovery_lower_95,
    mart.wilson_high(recovered, courses - not_at_caseness, mart.z_95()) AS recovery_upper_95,
    reliably_recovered / nullif(courses - not_at_caseness, 0) AS reliable_recovery,
    improved / courses AS reliable_improvement,
    mart.wilson_low(improved, courses, mart.z_95()) AS reliable_improvement_lower_95,
    mart.wilson_high(improved, courses, mart.z_95()) AS reliable_improvement_upper_95,
    deteriorated / courses AS reliable_deterioration
FROM added

-- Columns of mart.therapy_outcome: Recovery and reliable change during each type of therapy, by problem: one row per
--     organisation, year, problem descriptor and type of therapy, Talking Therapies only.
--   source, key: submitted: from the submissions.
--   level, key: England, region, ICB, sub-ICB (by commissioner) or provider.
--   organisation, key: Code of the organisation (ref.organisation); ENG is England.
--   period_type, key: financial year, rolling 12 months, or all months, by day of discharge.
--   period_start [date], key: First day of the period.
--   problem, key: Problem descriptor (mart.breakdown_group), or all.
--   therapy_type, key: Type of therapy (ref.code therapy_type).
--   courses: Courses of therapy: two sessions or more of it, within a finished course of treatment.
--   not_at_caseness: Of these, with both first scores of the therapy below their cut-offs.
--   recovered: At caseness first, and below both cut-offs last.
--   reliably_recovered: Recovered and reliably improved.
--   improved: Reliably better on PHQ-9 or the anxiety measure, and not reliably worse on the other.
--   unchanged: Both measures paired, and no reliable change.
--   deteriorated: Reliably worse on one, and not reliably better on the other.
--   recovery [share]: recovered of courses without not_at_caseness; NULL where that is 0.
--   recovery_lower_95 [share]: Lower 95 % Wilson limit of recovery. A person may have several courses of therapy.
--   recovery_upper_95 [share]: Upper 95 % Wilson limit of recovery.
--   reliable_recovery [share]: reliably_recovered of courses without not_at_caseness.
--   reliable_improvement [share]: improved of courses.
--   reliable_improvement_lower_95 [share]: Lower 95 % Wilson limit of reliable_improvement.
--   reliable_improvement_upper_95 [share]: Upper 95 % Wilson limit of reliable_improvement.
--   reliable_deterioration [share]: deteriorated of courses.
