-- work.employment_group
-- Grain: one row per referral: the groups its employment records put it in.
-- There is a change only if both records answer yes or no; one record, or none, is "not known".
CREATE MACRO answered_twice(change) AS
    CASE WHEN change IN ('Y to Y', 'Y to N', 'N to Y', 'N to N') THEN change ELSE 'not known' END;

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
    answered_twice(benefit_change) AS benefit_change,
    answered_twice(sick_pay_change) AS sick_pay_change,
    answered_twice(sickness_change) AS sickness_change,
    answered_twice(self_employed_change) AS self_employed_change,
    answered_twice(esa_change) AS esa_change,
    answered_twice(universal_credit_change) AS universal_credit_change,
    answered_twice(pip_change) AS pip_change,
    answered_twice(suitability_change) AS suitability_change,
    CASE WHEN is_suitable THEN 'suitable' WHEN is_unsuitable THEN 'not suitable' ELSE 'not known' END
        AS support_suitability,
    student,
    CASE WHEN student <> 'student' THEN student WHEN age_at_referral BETWEEN 18 AND 25 THEN 'student 18-25'
        WHEN age_at_referral > 25 THEN 'student 26+' ELSE 'student, other or unknown age' END AS student_age,
    coalesce(stated_records, 0) AS employment_records, coalesce(sickness_records, 0) AS sickness_records,
    support_referred_on AS employment_support_referred_on,
    support_discharged_on AS employment_support_discharged_on
FROM latest
