-- monthly_count.case_mix
-- Grain: one row per provider, month of discharge, outcome, pathway and group of alike courses.
-- What people bring when they come, never what a service does with them (waits, sessions, therapy): adjusting for
-- that would excuse it. Outcomes have the predicates of the measures of the same id. Severity: first PHQ-9 score,
-- for pathways 01 to 04 first ReQoL-10 score. Diagnosis: problem descriptor, for 01 to 04 the pathway.
CREATE TABLE monthly_count.case_mix AS
WITH course AS (
    SELECT
        p.provider, date_trunc('month', p.discharged_on) AS month, p.pathway,
        p.pathway <> '05' AS is_smi, p.is_not_at_caseness, p.is_recovered, p.is_reliably_improved, p.overall_change,
        CASE
            WHEN p.pathway = '05' AND p.phq9_first < 5 THEN 'PHQ-9 00-04'
            WHEN p.pathway = '05' AND p.phq9_first < 10 THEN 'PHQ-9 05-09'
            WHEN p.pathway = '05' AND p.phq9_first < 15 THEN 'PHQ-9 10-14'
            WHEN p.pathway = '05' AND p.phq9_first < 20 THEN 'PHQ-9 15-19'
            WHEN p.pathway = '05' AND p.phq9_first <= 27 THEN 'PHQ-9 20-27'
            WHEN p.pathway <> '05' AND p.reqol10_first < 10 THEN 'ReQoL-10 00-09'
            WHEN p.pathway <> '05' AND p.reqol10_first < 20 THEN 'ReQoL-10 10-19'
            WHEN p.pathway <> '05' AND p.reqol10_first < 25 THEN 'ReQoL-10 20-24'
            WHEN p.pathway <> '05' AND p.reqol10_first <= 40 THEN 'ReQoL-10 25-40'
            ELSE 'not known'
        END AS severity_band,
        coalesce(CAST(g.age_band AS VARCHAR), 'not known') AS age_band,
        coalesce(CAST(g.deprivation_decile AS VARCHAR), 'not known') AS deprivation,
        CASE WHEN p.pathway = '05' THEN coalesce(g.problem_descriptor, 'not known') ELSE p.pathway END AS diagnosis
    FROM core.pathway AS p
    INNER JOIN core.pathway_group AS g ON g.referral_number = p.referral_number
    -- Only months that the provider reported, as everywhere: England is the sum of its providers.
    INNER JOIN core.submission AS s
        ON s.provider = p.provider AND s.month = date_trunc('month', p.discharged_on)
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
    SELECT c.*, 'SMI_IMPROVEMENT', c.overall_change = 'improved'
    FROM course AS c
    WHERE c.is_smi AND c.overall_change <> 'unpaired'
)
SELECT
    provider, CAST(month AS DATE) AS month, outcome, pathway, severity_band, age_band, deprivation, diagnosis,
    count(*) AS courses, count(*) FILTER (WHERE is_event) AS events
FROM judged
GROUP BY provider, month, outcome, pathway, severity_band, age_band, deprivation, diagnosis
