-- work.pathway_band
-- Grain: one row per referral: the groups that core.pathway alone puts it in.
CREATE TABLE work.pathway_band AS
SELECT
    p.referral_number, p.provider, p.service_request_id, p.person_id,
    CASE WHEN p.age_at_referral < 18 THEN 'under 18' WHEN p.age_at_referral <= 25 THEN '18-25'
        WHEN p.age_at_referral <= 64 THEN '26-64' WHEN p.age_at_referral >= 65 THEN '65+' ELSE 'not known'
    END AS age_band,
    coalesce(d.problem, 'not known') AS problem_descriptor,
    coalesce(b.problem, 'not known') AS previous_problem_descriptor,
    CASE
        WHEN p.source_of_referral IN ('A1', 'A2', 'A3', 'A4', 'B1', 'B2') THEN p.source_of_referral
        -- J, K and L were teams and wards of mental health services; retired on 1 April 2020.
        WHEN substr(p.source_of_referral, 1, 1) IN ('J', 'K', 'L') THEN 'I'
        WHEN substr(p.source_of_referral, 1, 1) IN ('C', 'D', 'E', 'F', 'G', 'H', 'I', 'M', 'N', 'P', 'Q')
            THEN substr(p.source_of_referral, 1, 1)
        ELSE 'not known'
    END AS referral_source,
    CASE WHEN p.phq9_first <= 4 THEN '0-4' WHEN p.phq9_first <= 9 THEN '5-9'
        WHEN p.phq9_first <= 14 THEN '10-14'
        WHEN p.phq9_first <= 19 THEN '15-19' WHEN p.phq9_first <= 27 THEN '20-27' ELSE 'not known' END AS phq9_band,
    CASE WHEN p.gad7_first <= 4 THEN '0-4' WHEN p.gad7_first <= 9 THEN '5-9' WHEN p.gad7_first <= 14 THEN '10-14'
        WHEN p.gad7_first <= 21 THEN '15-21' ELSE 'not known' END AS gad7_band,
    coalesce(CAST(CAST(p.phq9_first AS INTEGER) AS VARCHAR), 'not known') AS phq9_points,
    coalesce(CAST(CAST(p.gad7_first AS INTEGER) AS VARCHAR), 'not known') AS gad7_points,
    CASE WHEN p.treatment_contacts > 20 THEN '21+' ELSE CAST(p.treatment_contacts AS VARCHAR) END AS dose,
    CASE WHEN p.discharged_on IS NULL THEN 'open' WHEN p.end_code IS NULL THEN 'not recorded'
        WHEN p.end_code IN ('50', '10', '11', '12', '13', '14', '16', '17', '95', '46', '47', '48', '49', '96')
            THEN p.end_code
        ELSE 'invalid'
    END AS discharge_reason,
    CASE WHEN p.attended_contacts = 0 THEN 'none' WHEN p.attended_contacts = 1 THEN 'one' ELSE 'two or more' END
        AS attended_band,
    CASE WHEN p.discharged_on IS NULL THEN 'open' WHEN p.discharged_on - p.received_on <= 6 THEN '0-6'
        WHEN p.discharged_on - p.received_on <= 13 THEN '7-13' WHEN p.discharged_on - p.received_on <= 27 THEN '14-27'
        WHEN p.discharged_on - p.received_on <= 182 THEN '28-182' ELSE '183+' END AS referral_length,
    r.days_since_previous,
    CASE WHEN r.days_since_previous IS NULL THEN 'none' WHEN r.days_since_previous <= 91 THEN '0-91'
        WHEN r.days_since_previous <= 182 THEN '92-182' WHEN r.days_since_previous <= 273 THEN '183-273'
        ELSE '274-365' END AS repeat_gap
FROM core.pathway AS p
LEFT JOIN work.problem AS d ON d.complaint = p.complaint
LEFT JOIN work.repeat_referral AS r ON r.referral_number = p.referral_number
LEFT JOIN work.problem AS b ON b.complaint = r.previous_complaint
