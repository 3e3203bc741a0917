-- core.pathway_care
-- Grain: one row per provider and service request, 1:1 with core.pathway: therapy, ending, waits and service use.
-- Counts of service use are NULL where the window is not observed (core.service_use_window says when it is).
-- Dropped out is the patient's ending: end code 47, or 43 of version 1.5. 48 is the service's.
CREATE TABLE core.pathway_care AS
SELECT
    p.referral_number, p.provider, p.service_request_id,
    coalesce(t.therapies, 0) AS therapies, coalesce(t.has_therapy_twice, false) AS has_therapy_twice,
    t.has_recommended_therapy, t.is_dose_reached, t.is_dose_planned, t.planned_sessions, t.is_plan_reached,
    CASE
        WHEN NOT p.is_discharged THEN 'open'
        WHEN p.end_code IN ('42', '46') THEN 'completed'
        WHEN p.end_code IN ('43', '47') THEN 'dropped out'
        WHEN p.end_code = '48' THEN 'ended by the service'
        WHEN p.end_code = '16' THEN 'dropped out of assessment'
        WHEN p.end_code = '14' THEN 'declined'
        WHEN p.end_code IN ('10', '11') THEN 'not suitable'
        WHEN p.end_code = '12' THEN 'advice only'
        WHEN p.end_code IN ('13', '40', '41', '44') THEN 'went elsewhere'
        WHEN p.end_code = '50' THEN 'not assessed'
        WHEN p.end_code IN ('17', '45', '49') THEN 'died'
        ELSE 'not known'
    END AS ending,
    CASE WHEN p.first_assessment_on >= p.received_on
        THEN date_diff('day', p.received_on, p.first_assessment_on) END AS wait_to_assessment_days,
    CASE WHEN p.first_treatment_on >= p.first_assessment_on
        THEN date_diff('day', p.first_assessment_on, p.first_treatment_on) END AS wait_assessment_to_treatment_days,
    o.has_depression_first, o.has_anxiety_first, o.has_trauma_first,
    coalesce(o.is_dialog_paired, false) AS is_dialog_paired, coalesce(o.is_gbo_paired, false) AS is_gbo_paired,
    b.window_name IS NOT NULL AS is_before_observed, d.window_name IS NOT NULL AS is_during_observed,
    a.window_name IS NOT NULL AS is_after_observed,
    b.admissions AS admissions_before, d.admissions AS admissions_during, a.admissions AS admissions_after,
    b.bed_days AS bed_days_before, d.bed_days AS bed_days_during, a.bed_days AS bed_days_after,
    b.crisis_contacts AS crisis_contacts_before, d.crisis_contacts AS crisis_contacts_during,
    a.crisis_contacts AS crisis_contacts_after,
    b.emergency_attendances AS emergency_attendances_before,
    d.emergency_attendances AS emergency_attendances_during,
    a.emergency_attendances AS emergency_attendances_after,
    b.detentions AS detentions_before, d.detentions AS detentions_during, a.detentions AS detentions_after,
    b.self_harm AS self_harm_before, d.self_harm AS self_harm_during, a.self_harm AS self_harm_after,
    b.suicide_attempts AS suicide_attempts_before, d.suicide_attempts AS suicide_attempts_during,
    a.suicide_attempts AS suicide_attempts_after,
    b.violence AS violence_before, d.violence AS violence_during, a.violence AS violence_after
FROM core.pathway AS p
LEFT JOIN work.therapy_given AS t ON t.referral_number = p.referral_number
LEFT JOIN work.smi_outcome AS o ON o.referral_number = p.referral_number
LEFT JOIN core.service_use_window AS b
    ON b.referral_number = p.referral_number AND b.window_name = 'before'
LEFT JOIN core.service_use_window AS d
    ON d.referral_number = p.referral_number AND d.window_name = 'during'
LEFT JOIN core.service_use_window AS a
    ON a.referral_number = p.referral_number AND a.window_name = 'after'
