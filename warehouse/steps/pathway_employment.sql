-- work.pathway_employment
-- Grain: one row per referral with an employment record dated from referral to discharge.
-- First and last are of all submissions; there is a last one only where two days were recorded.
CREATE TABLE work.pathway_employment AS
WITH matched AS (
    SELECT
        p.referral_number, e.*,
        row_number() OVER (PARTITION BY p.referral_number ORDER BY e.recorded_on) AS rank,
        count(*) OVER (PARTITION BY p.referral_number) AS records,
        count(*) FILTER (WHERE e.employment_status IN ('01', '02', '03', '04', '05', '06', '07', '08'))
            OVER (PARTITION BY p.referral_number) AS stated_records,
        count(*) FILTER (WHERE e.sickness_absence IN ('Y', 'N'))
            OVER (PARTITION BY p.referral_number) AS sickness_records,
        max(CASE WHEN e.employment_support_suitable = 'Y' THEN 1 ELSE 0 END)
            OVER (PARTITION BY p.referral_number) = 1 AS is_suitable,
        max(CASE WHEN e.employment_support_suitable IN ('N', 'NA') THEN 1 ELSE 0 END)
            OVER (PARTITION BY p.referral_number) = 1 AS is_unsuitable,
        min(e.employment_support_referred_on) OVER (PARTITION BY p.referral_number)
            AS support_referred_on,
        max(e.employment_support_discharged_on) OVER (PARTITION BY p.referral_number)
            AS support_discharged_on
    FROM core.pathway AS p
    INNER JOIN core.employment_record AS e
        ON e.provider = p.provider AND e.person_id = p.person_id AND e.recorded_on >= p.received_on
        AND (p.discharged_on IS NULL OR e.recorded_on <= p.discharged_on)
),
placed AS (
    SELECT
        m.*,
        -- The general question covers every benefit: its "no" stands unless a named benefit says otherwise.
        CASE
            WHEN 'Y' IN (receives_benefit, jobseekers_allowance, employment_support_allowance, universal_credit,
                personal_independence_payment, other_benefit) THEN 'Y'
            WHEN receives_benefit = 'N' AND NOT coalesce('U' IN (jobseekers_allowance, employment_support_allowance,
                universal_credit, personal_independence_payment, other_benefit), false) THEN 'N'
        END AS benefit,
        CASE
            WHEN employment_status = '01' AND sickness_absence = 'Y' THEN 'off sick'
            WHEN employment_status = '01' THEN 'in work'
            WHEN employment_status IN ('02', '03', '04', '05', '06', '07', '08') THEN 'not employed'
        END AS work_status
    FROM matched AS m
)
SELECT
    f.referral_number, f.stated_records, f.sickness_records, f.is_suitable, f.is_unsuitable,
    f.support_referred_on, f.support_discharged_on,
    f.employment_status AS status_first, l.employment_status AS status_last,
    coalesce(l.employment_status, f.employment_status) AS status_latest,
    f.weekly_hours AS hours_first, l.weekly_hours AS hours_last, f.work_status AS work_first,
    l.work_status AS work_last, f.benefit AS benefit_first,
    f.benefit || ' to ' || l.benefit AS benefit_change,
    f.statutory_sick_pay || ' to ' || l.statutory_sick_pay AS sick_pay_change,
    f.sickness_absence || ' to ' || l.sickness_absence AS sickness_change,
    f.self_employed || ' to ' || l.self_employed AS self_employed_change,
    f.employment_support_allowance || ' to ' || l.employment_support_allowance AS esa_change,
    f.universal_credit || ' to ' || l.universal_credit AS universal_credit_change,
    f.personal_independence_payment || ' to ' || l.personal_independence_payment AS pip_change,
    f.employment_support_suitable || ' to ' || l.employment_support_suitable AS suitability_change
FROM placed AS f
LEFT JOIN placed AS l
    ON l.referral_number = f.referral_number AND l.rank = l.records AND l.records > 1
WHERE f.rank = 1
