-- work.employment_group
-- Grain: one row per referral: the groups its employment records put it in.
-- A change is said only where both records answer yes or no; one record, or none, is "not known".
CREATE TABLE work.employment_group AS
WITH latest AS (
    SELECT
        p.referral_number, p.age_at_referral, w.stated_records, w.sickness_records, w.status_first,
        w.status_last, w.work_first,
        w.work_last, w.hours_first, w.hours_last, w.benefit_first, w.benefit_change, w.sick_pay_change,
        w.sickness_change, w.self_employed_change, w.esa_change, w.universal_credit_change, w.pip_change,
        w.suitability_change, w.is_suitable, w.is_unsuitable, w.support_referred_on, w.support_discharged_on,
        CASE WHEN w.status_latest IN ('01', '02', '03', '04', '05', '06', '07', '08')
            THEN CASE WHEN w.status_latest = '03' THEN 'student' ELSE 'not a student' END
            ELSE 'not known' END AS student,
        coalesce(w.work_first, 'not known') || ' to ' || coalesce(w.work_last, 'not known') AS work_both
    FROM core.pathway AS p
    LEFT JOIN work.pathway_employment AS w ON w.referral_number = p.referral_number
)
SELECT
    referral_number,
    CASE WHEN status_first IN ('01', '02', '03', '04', '05', '06', '07', '08', 'ZZ') THEN status_first
        ELSE 'not known' END AS employment_at_start,
    CASE WHEN status_last IN ('01', '02', '03', '04', '05', '06', '07', '08', 'ZZ') THEN status_last
        ELSE 'not known' END AS employment_at_end,
    coalesce(work_first, 'not known') AS work_first, coalesce(work_last, 'not known') AS work_last,
    CASE WHEN work_first IS NULL OR work_last IS NULL THEN 'not known'
        WHEN work_first = work_last THEN 'stayed ' || work_first ELSE work_both END AS work_change,
    CASE WHEN hours_first IN ('01', '02', '03', '04', '97', '98') THEN hours_first
        ELSE 'not known' END AS hours_first,
    CASE WHEN hours_last IN ('01', '02', '03', '04', '97', '98') THEN hours_last ELSE 'not known' END AS hours_last,
    CASE benefit_first WHEN 'Y' THEN 'received' WHEN 'N' THEN 'none' ELSE 'not known' END AS benefit_first,
    CASE WHEN benefit_change IN ('Y to Y', 'Y to N', 'N to Y', 'N to N') THEN benefit_change
        ELSE 'not known' END AS benefit_change,
    CASE WHEN sick_pay_change IN ('Y to Y', 'Y to N', 'N to Y', 'N to N') THEN sick_pay_change
        ELSE 'not known' END AS sick_pay_change,
    CASE WHEN sickness_change IN ('Y to Y', 'Y to N', 'N to Y', 'N to N') THEN sickness_change
        ELSE 'not known' END AS sickness_change,
    CASE WHEN self_employed_change IN ('Y to Y', 'Y to N', 'N to Y', 'N to N') THEN self_employed_change
        ELSE 'not known' END AS self_employed_change,
    CASE WHEN esa_change IN ('Y to Y', 'Y to N', 'N to Y', 'N to N') THEN esa_change
        ELSE 'not known' END AS esa_change,
    CASE WHEN universal_credit_change IN ('Y to Y', 'Y to N', 'N to Y', 'N to N') THEN universal_credit_change
        ELSE 'not known' END AS universal_credit_change,
    CASE WHEN pip_change IN ('Y to Y', 'Y to N', 'N to Y', 'N to N') THEN pip_change
        ELSE 'not known' END AS pip_change,
    CASE WHEN suitability_change IN ('Y to Y', 'Y to N', 'N to Y', 'N to N') THEN suitability_change
        ELSE 'not known' END AS suitability_change,
    CASE WHEN is_suitable THEN 'suitable' WHEN is_unsuitable THEN 'not suitable' ELSE 'not known' END
        AS support_suitability,
    student,
    CASE WHEN student <> 'student' THEN student WHEN age_at_referral BETWEEN 18 AND 25 THEN 'student 18-25'
        WHEN age_at_referral > 25 THEN 'student 26+' ELSE 'student, other or unknown age' END AS student_age,
    coalesce(stated_records, 0) AS employment_records, coalesce(sickness_records, 0) AS sickness_records,
    support_referred_on AS employment_support_referred_on,
    support_discharged_on AS employment_support_discharged_on
FROM latest
