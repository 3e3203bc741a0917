-- monthly_count.case_mix
-- Grain: one row per provider, month of discharge, outcome, pathway and group of alike courses.
-- Only characteristics of people at the start, never what a service does (waits, sessions, therapy): adjusting
-- for that would hide its effect. Outcomes have the predicates of the measures of the same id. Severity: first
-- score of the pathway's severity measure, in that measure's bands. Diagnosis: problem descriptor in Talking
-- Therapies, else the pathway. 'not known' is what a service did not record: such courses are in no model, and are
-- counted (comparison.case_mix). A pathway whose measure has no bands lacks nothing.
CREATE TABLE monthly_count.case_mix AS
WITH course AS (
    SELECT
        p.provider, date_trunc('month', p.discharged_on) AS month, p.pathway,
        w.measure_set = 'severe_mental_illness' AS is_smi, p.is_not_at_caseness, p.is_recovered, p.is_reliably_improved, p.main_change,
        CASE WHEN k.instrument IS NULL THEN 'no bands' ELSE coalesce(b.severity_band, 'not known') END
            AS severity_band,
        coalesce(CAST(g.age_band AS VARCHAR), 'not known') AS age_band,
        coalesce(CAST(g.deprivation_decile AS VARCHAR), 'not known') AS deprivation,
        CASE WHEN w.measure_set = 'talking_therapies' THEN coalesce(g.problem_descriptor, 'not known')
            ELSE p.pathway END AS diagnosis
    FROM core.pathway AS p
    INNER JOIN core.pathway_group AS g ON g.referral_number = p.referral_number
    -- Only months that the provider reported, as everywhere: England is the sum of its providers.
    INNER JOIN core.reported_month AS s
        ON s.provider = p.provider AND s.month = date_trunc('month', p.discharged_on)
    INNER JOIN ref.pathway AS w ON w.pathway = p.pathway
    LEFT JOIN core.outcome AS o ON o.referral_number = p.referral_number AND o.instrument = w.severity_measure
    LEFT JOIN ref.severity_band AS b
        ON b.instrument = o.instrument AND o.first_score >= b.lowest
        AND (b.below IS NULL OR o.first_score < b.below)
    LEFT JOIN (SELECT DISTINCT instrument FROM ref.severity_band) AS k ON k.instrument = w.severity_measure
    WHERE p.is_completed_course
),
judged AS (
    SELECT c.*, 'RECOVERY' AS outcome, c.is_recovered AS is_event
    FROM course AS c
    WHERE NOT c.is_smi AND NOT c.is_not_at_caseness
    UNION ALL
    SELECT c.*, 'RELIABLE_IMPROVEMENT', c.is_reliably_improved
    FROM course AS c
    WHERE NOT c.is_smi
    UNION ALL
    SELECT c.*, 'SMI_IMPROVEMENT', c.main_change = 'improved'
    FROM course AS c
    WHERE c.is_smi AND c.main_change IN ('improved', 'no change', 'deteriorated')
)
SELECT
    provider, CAST(month AS DATE) AS month, outcome, pathway, severity_band, age_band, deprivation, diagnosis,
    count(*) AS courses, count(*) FILTER (WHERE is_event) AS events
FROM judged
GROUP BY provider, month, outcome, pathway, severity_band, age_band, deprivation, diagnosis

-- Columns of monthly_count.case_mix: What the case-mix models are fitted on: courses and outcomes by groups of
--     alike people.
--   provider, key: ODS code of the provider as submitted.
--   month [month], key: First day of the month of discharge.
--   outcome, key: RECOVERY, RELIABLE_IMPROVEMENT or SMI_IMPROVEMENT.
--   pathway, key: Pathway code.
--   severity_band, key: First score of the pathway's severity measure (ref.pathway), in bands; 'no bands' where the
--       measure has none.
--   age_band, key: Age band.
--   deprivation, key: Deprivation decile, 1 the most deprived.
--   diagnosis, key: Problem descriptor in Talking Therapies, else the pathway code.
--   courses: Courses in the denominator of the measure.
--   events: Of these, in its numerator.
