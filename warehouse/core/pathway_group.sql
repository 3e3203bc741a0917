-- core.pathway_group
-- Grain: one row per provider and service request, as core.pathway: the groups a pathway counts in.
-- Every column of groups parts the pathways: each is in exactly one group, "not known" included.
CREATE TABLE core.pathway_group AS
WITH supported AS (
    SELECT referral_number, min(contact_on) AS first_employment_support_on,
        max(contact_on) AS last_employment_support_on, CAST(sum(contacts) AS BIGINT) AS contacts
    FROM work.employment_support_contact
    GROUP BY referral_number
)
SELECT
    p.referral_number, p.provider, p.service_request_id,
    p.age_band, coalesce(q.ethnic_group, 'not known') AS ethnic_group,
    coalesce(q.ethnicity, 'not known') AS ethnicity,
    CASE WHEN q.ethnicity = 'A' THEN 'white british' WHEN length(q.ethnicity) = 1 THEN 'ethnic minority'
        ELSE coalesce(q.ethnicity, 'not known') END AS ethnic_minority,
    coalesce(q.gender, 'not known') AS gender, coalesce(q.gender_identity, 'not known') AS gender_identity,
    coalesce(q.deprivation_decile, 'not known') AS deprivation_decile,
    coalesce(q.armed_forces, 'not known') AS armed_forces, coalesce(q.disability, 'not known') AS disability,
    coalesce(q.language_group, 'not known') AS language_group,
    coalesce(q.preferred_language, 'not known') AS preferred_language,
    coalesce(s.social_circumstance, 'none recorded') AS social_circumstance,
    coalesce(s.sexual_orientation, 'not recorded') AS sexual_orientation,
    CASE WHEN s.has_religion THEN 'recorded' ELSE 'not recorded' END AS religion,
    p.problem_descriptor, p.previous_problem_descriptor, p.referral_source, p.phq9_band, p.gad7_band,
    p.phq9_points, p.gad7_points,
    CASE WHEN c.conditions IS NULL THEN 'none recorded' WHEN c.conditions = 1 THEN 'one' ELSE 'more than one' END
        AS ltc_status,
    coalesce(c.ltc_condition, 'none recorded') AS ltc_condition, c.conditions IS NOT NULL AS has_ltc,
    coalesce(k.ltc_integrated, 'nothing attended') AS ltc_integrated,
    CASE WHEN t.internet_logs IS NULL AND coalesce(k.with_programme, 0) = 0 THEN 'none'
        WHEN coalesce(k.without_programme, 0) = 0 THEN 'only' ELSE 'mixed' END AS iet_group,
    CASE WHEN coalesce(t.internet_logs, 0) = 0 THEN 'none' WHEN t.internet_logs = 1 THEN 'one'
        ELSE 'two or more' END AS iet_log_band,
    CASE WHEN coalesce(t.internet_logs, 0) = 0 THEN 'no log' WHEN t.internet_minutes > 0 THEN 'recorded'
        ELSE 'not recorded' END AS iet_time,
    CASE WHEN coalesce(t.internet_logs, 0) = 0 THEN 'no log' WHEN t.integrated_software = 'Y' THEN 'integrated'
        WHEN t.integrated_software = 'N' THEN 'not integrated' ELSE 'not known' END AS iet_software,
    coalesce(t.main_programme, 'no log') AS iet_programme,
    CASE WHEN t.first_low_intensity_on IS NOT NULL AND t.first_high_intensity_on IS NOT NULL THEN 'both'
        WHEN t.first_low_intensity_on IS NOT NULL THEN 'low'
        WHEN t.first_high_intensity_on IS NOT NULL THEN 'high' WHEN t.unique_therapy IS NOT NULL THEN 'other'
        WHEN e.contacts IS NOT NULL THEN 'employment support' ELSE 'none' END AS intensity,
    coalesce(t.unique_therapy, 'none') AS unique_therapy,
    coalesce(k.main_medium, 'not known') AS main_medium,
    coalesce(k.main_mode, 'not known') AS main_mode,
    coalesce(k.met_in_person, 'nothing attended') AS met_in_person,
    coalesce(k.language_mode, 'not known') AS language_mode, p.dose, p.discharge_reason, p.repeat_gap,
    p.days_since_previous IS NOT NULL AS is_repeat_referral, k.site,
    CASE WHEN e.contacts IS NOT NULL THEN 'received' ELSE 'not received' END AS employment_support,
    w.employment_at_start, w.employment_at_end, w.work_first, w.work_last, w.work_change, w.hours_first,
    w.hours_last,
    w.benefit_first, w.benefit_change, w.sick_pay_change, w.sickness_change, w.self_employed_change,
    w.esa_change, w.universal_credit_change, w.pip_change, w.support_suitability, w.suitability_change,
    w.student, w.student_age, w.employment_records, w.sickness_records, coalesce(t.internet_logs, 0) AS iet_logs,
    coalesce(t.internet_minutes, 0) AS iet_minutes, t.first_low_intensity_on, t.first_high_intensity_on,
    coalesce(k.contact_minutes, 0) AS contact_minutes, k.first_integrated_on,
    k.first_integrated_treatment_on, e.first_employment_support_on,
    e.last_employment_support_on, coalesce(e.contacts, 0) AS employment_support_contacts,
    w.employment_support_referred_on, w.employment_support_discharged_on
FROM work.pathway_band AS p
INNER JOIN work.employment_group AS w ON w.referral_number = p.referral_number
LEFT JOIN work.person_group AS q ON q.provider = p.provider AND q.person_id = p.person_id
LEFT JOIN work.circumstance AS s ON s.referral_number = p.referral_number
LEFT JOIN work.condition AS c ON c.referral_number = p.referral_number
LEFT JOIN work.contact_summary AS k ON k.referral_number = p.referral_number
LEFT JOIN work.therapy_summary AS t ON t.referral_number = p.referral_number
LEFT JOIN supported AS e ON e.referral_number = p.referral_number
