-- core.pathway_care
-- Grain: one row per provider and service request, 1:1 with core.pathway: therapy, ending, waits and service use.
-- Counts of service use are NULL where the window is not observed to its end (core.service_use_window).
-- Dropped out means that the patient ended: end code 47, or 43 of version 1.5. Code 48 means that the service
-- ended.
CREATE TABLE core.pathway_care AS
SELECT
    p.referral_number, p.provider, p.service_request_id,
    coalesce(t.therapies, 0) AS therapies, coalesce(t.has_therapy_twice, false) AS has_therapy_twice,
    f.therapies_offered, f.therapies_given,
    CASE WHEN s.low_intensity AND s.high_intensity THEN 'low or high' WHEN s.high_intensity THEN 'high'
        WHEN s.low_intensity THEN 'low' END AS recommended_step,
    t.has_recommended_therapy, t.is_dose_reached,
    CASE WHEN t.is_dose_reached THEN 'reached' WHEN NOT t.is_dose_reached THEN 'not reached' ELSE 'no minimum' END
        AS nice_dose,
    t.is_dose_planned, t.planned_sessions, t.is_plan_reached,
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
    b.days AS days_before, d.days AS days_during, a.days AS days_after,
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
LEFT JOIN work.therapy_offered AS f ON f.referral_number = p.referral_number
LEFT JOIN work.pathway_band AS g ON g.referral_number = p.referral_number
LEFT JOIN ref.recommended_step AS s ON s.problem_descriptor = g.problem_descriptor
LEFT JOIN work.smi_outcome AS o ON o.referral_number = p.referral_number
LEFT JOIN core.service_use_window AS b
    ON b.referral_number = p.referral_number AND b.window_name = 'before' AND b.is_complete
LEFT JOIN core.service_use_window AS d
    ON d.referral_number = p.referral_number AND d.window_name = 'during' AND d.is_complete
LEFT JOIN core.service_use_window AS a
    ON a.referral_number = p.referral_number AND a.window_name = 'after' AND a.is_complete

-- Columns of core.pathway_care: One row per provider and service request, 1:1 with core.pathway: therapies,
--     ending, waits, what co-occurs, and service use.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   therapies: Types of psychological therapy given, by code.
--   has_therapy_twice: Whether coded therapy was given on two days or more.
--   therapies_offered: Types of therapy planned, given or refused, in the alphabet, separated by blanks; NULL for
--       none.
--   therapies_given: Types of therapy with a session or more, likewise.
--   recommended_step: Intensity that NICE recommends for the problem (ref.recommended_step): high, low, low or high;
--       NULL where none is stated.
--   has_recommended_therapy: Whether one of them is recommended by NICE for the pathway; NULL when none is coded.
--   is_dose_reached: Whether a therapy with a minimum of sessions reached it; NULL when none with a minimum was
--       given.
--   nice_dose: The same as a group: reached, not reached, or no minimum (none with a minimum was given).
--   is_dose_planned: Whether the plan of a therapy with a minimum reaches it; NULL without such a plan.
--   planned_sessions [sessions]: Sessions planned over all therapies.
--   is_plan_reached: Whether the sessions of the planned therapies reach the plan; NULL without a plan.
--   ending: How the referral ended, from the end code: completed, dropped out, ended by the service, dropped out
--       of assessment, declined, not suitable, advice only, went elsewhere, not assessed, died, not known; or
--       open.
--   wait_to_assessment_days [days]: From referral to the first assessment contact.
--   wait_assessment_to_treatment_days [days]: From the first assessment contact to the first treatment contact;
--       NULL where treatment came first.
--   has_depression_first: For severe mental illness: whether the first PHQ-9 is at caseness; NULL when not
--       measured.
--   has_anxiety_first: For severe mental illness: whether the first GAD-7 is at caseness; NULL when not
--       measured.
--   has_trauma_first: For severe mental illness: whether the first PCL-5, else IES-R, is at caseness; NULL when
--       not measured.
--   is_dialog_paired: For severe mental illness: whether a DIALOG item is paired.
--   is_gbo_paired: For severe mental illness: whether a goal (GBO) is paired.
--   is_before_observed: Whether the data cover service use in the 180 days before the first treatment contact
--       (core.service_use_window).
--   is_during_observed: Whether the data cover service use from first to last treatment contact
--       (core.service_use_window).
--   is_after_observed: Whether the data cover service use in the 180 days after the last treatment contact
--       (core.service_use_window).
--   days_before [days]: Person-days of the window before therapy: 180; NULL when not observed.
--   days_during [days]: Person-days from first to last treatment contact; NULL when not observed to the end.
--   days_after [days]: Person-days of the window after therapy: 180; NULL when not observed to the end.
--   admissions_before: Stays in hospital that began in the 180 days before the first treatment contact; NULL when
--       not observed.
--   admissions_during: Stays in hospital that began from first to last treatment contact; NULL when not observed.
--   admissions_after: Stays in hospital that began in the 180 days after the last treatment contact; NULL when
--       not observed.
--   bed_days_before [days]: Days in hospital, both ends of a stay counted, overlapping spells once, in the 180
--       days before the first treatment contact; NULL when not observed.
--   bed_days_during [days]: Days in hospital, both ends of a stay counted, overlapping spells once, from first to
--       last treatment contact; NULL when not observed.
--   bed_days_after [days]: Days in hospital, both ends of a stay counted, overlapping spells once, in the 180
--       days after the last treatment contact; NULL when not observed.
--   crisis_contacts_before: Crisis-team contacts in the 180 days before the first treatment contact; NULL when
--       not observed.
--   crisis_contacts_during: Crisis-team contacts from first to last treatment contact; NULL when not observed.
--   crisis_contacts_after: Crisis-team contacts in the 180 days after the last treatment contact; NULL when not
--       observed.
--   emergency_attendances_before: Emergency department attendances in the 180 days before the first treatment
--       contact; NULL when not observed.
--   emergency_attendances_during: Emergency department attendances from first to last treatment contact; NULL
--       when not observed.
--   emergency_attendances_after: Emergency department attendances in the 180 days after the last treatment
--       contact; NULL when not observed.
--   detentions_before: Detentions under the Mental Health Act in the 180 days before the first treatment contact;
--       NULL when not observed.
--   detentions_during: Detentions under the Mental Health Act from first to last treatment contact; NULL when not
--       observed.
--   detentions_after: Detentions under the Mental Health Act in the 180 days after the last treatment contact;
--       NULL when not observed.
--   self_harm_before: Episodes of self-harm in the 180 days before the first treatment contact; NULL when not
--       observed.
--   self_harm_during: Episodes of self-harm from first to last treatment contact; NULL when not observed.
--   self_harm_after: Episodes of self-harm in the 180 days after the last treatment contact; NULL when not
--       observed.
--   suicide_attempts_before: Suicide attempts in the 180 days before the first treatment contact; NULL when not
--       observed.
--   suicide_attempts_during: Suicide attempts from first to last treatment contact; NULL when not observed.
--   suicide_attempts_after: Suicide attempts in the 180 days after the last treatment contact; NULL when not
--       observed.
--   violence_before: Incidents of violence in the 180 days before the first treatment contact; NULL when not
--       observed.
--   violence_during: Incidents of violence from first to last treatment contact; NULL when not observed.
--   violence_after: Incidents of violence in the 180 days after the last treatment contact; NULL when not
--       observed.
