-- core.pathway_group
-- Grain: one row per provider and service request, as core.pathway: the groups a pathway counts in.
-- In every column each pathway is in exactly one group, "not known" included.
CREATE TABLE core.pathway_group AS
WITH supported AS (
    SELECT s.referral_number, min(s.contact_on) AS first_employment_support_on,
        max(s.contact_on) AS last_employment_support_on, CAST(sum(s.contacts) AS BIGINT) AS contacts,
        bool_or(p.discharged_on IS NULL OR s.contact_on <= p.discharged_on) AS is_in_course
    FROM work.employment_support_contact AS s
    INNER JOIN core.pathway AS p ON p.referral_number = s.referral_number
    GROUP BY s.referral_number
),
stepped AS (
    -- A course is of the most intensive step that it reached.
    SELECT referral_number, CASE WHEN bool_or(step = 'SMI therapy') THEN 'SMI therapy'
        WHEN bool_or(step = 'high intensity') THEN 'high intensity'
        WHEN bool_or(step = 'low intensity') THEN 'low intensity' END AS step
    FROM core.step_of_care
    GROUP BY referral_number
)
SELECT
    p.referral_number, p.provider, p.service_request_id, p.age_band,
    coalesce(q.ethnic_group, 'not known') AS ethnic_group, coalesce(q.ethnicity, 'not known') AS ethnicity,
    CASE WHEN q.ethnicity = 'A' THEN 'white british' WHEN length(q.ethnicity) = 1 THEN 'ethnic minority'
        ELSE coalesce(q.ethnicity, 'not known') END AS ethnic_minority,
    coalesce(q.gender, 'not known') AS gender, coalesce(q.gender_identity, 'not known') AS gender_identity,
    coalesce(q.deprivation_decile, 'not known') AS deprivation_decile,
    coalesce(q.deprivation_quintile, 'not known') AS deprivation_quintile,
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
    coalesce(o.step, 'not known yet') AS step, coalesce(l.care_cluster, 'not known') AS care_cluster,
    coalesce(t.unique_therapy, 'none') AS unique_therapy, coalesce(k.main_medium, 'not known') AS main_medium,
    coalesce(k.main_mode, 'not known') AS main_mode,
    coalesce(k.met_in_person, 'nothing attended') AS met_in_person,
    coalesce(k.language_mode, 'not known') AS language_mode, p.dose, p.discharge_reason, p.attended_band,
    p.referral_length, p.repeat_gap,
    p.days_since_previous IS NOT NULL AS is_repeat_referral, k.site,
    CASE WHEN e.is_in_course THEN 'received' ELSE 'not received' END AS employment_support,
    w.employment_at_start, w.employment_at_end, w.work_first, w.work_last, w.work_change, w.hours_first,
    w.hours_last, w.benefit_first, w.benefit_change, w.sick_pay_change, w.sickness_change, w.self_employed_change,
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
LEFT JOIN stepped AS o ON o.referral_number = p.referral_number
LEFT JOIN work.care_cluster AS l ON l.referral_number = p.referral_number

-- Columns of core.pathway_group: One row per pathway, 1:1 with core.pathway: the groups it counts in
--     (measures/breakdowns.csv and breakdown_groups.csv).
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   age_band: Age at referral: under 18, 18-25, 26-64, 65+.
--   ethnic_group: Ethnic group: white, mixed, asian, black, other, not stated (Z), not known (99 or none).
--   ethnicity: Ethnic category by its national code, not stated or not known.
--   ethnic_minority: white british or ethnic minority; not stated, not known.
--   gender: Gender identity where stated, else stated gender.
--   gender_identity: Gender identity as last stated.
--   deprivation_decile: Decile of deprivation of the postcode district, 1 being the most deprived.
--   deprivation_quintile: Fifth of deprivation of the postcode district, 1 being the most deprived.
--   armed_forces: veteran, dependant (of an ex-services member) or neither.
--   disability: Disability code, more than one, none.
--   language_group: Whether the preferred language is English.
--   preferred_language: Preferred language (ISO 639-1), in small letters.
--   social_circumstance: Social or personal circumstance recorded by the day of discharge; several are more than
--       one.
--   sexual_orientation: Sexual orientation last recorded by the day of discharge.
--   religion: Whether a religion or belief is recorded by the day of discharge.
--   problem_descriptor: Group of the presenting complaint that counts.
--   previous_problem_descriptor: Of a repeat referral: problem descriptor of the finished course before it.
--   referral_source: Source of referral, grouped as M002 to M018.
--   phq9_band [points]: Band of the first PHQ-9 score.
--   gad7_band [points]: Band of the first GAD-7 score.
--   phq9_points [points]: First PHQ-9 score as text.
--   gad7_points [points]: First GAD-7 score as text.
--   ltc_status: Long-term conditions recorded: one, more than one, none recorded.
--   ltc_condition: Kind of long-term condition; several kinds are more than one.
--   has_ltc: Whether a long-term condition is recorded.
--   ltc_integrated: Whether any attended contact was of an integrated service: integrated, core only, nothing
--       attended.
--   iet_group: Internet-enabled therapy: none, only, mixed (with other treatment contacts).
--   iet_log_band [logs]: Logs: none, one, two or more.
--   iet_time: Whether any minute of a therapist is logged.
--   iet_software: Whether a log says that an integrated software engine was used.
--   iet_programme: Programme with most therapist time, then most logs, then first in the alphabet.
--   intensity: Intensities of the therapies given: low, high, both, other, employment support, none.
--   step: Most intensive step of care that the course reached (core.step_of_care): low intensity, high intensity, SMI
--       therapy, or not known yet.
--   care_cluster: Care cluster (ref.code care_cluster) by which the course is paid: the last one that began by the first
--       treatment contact, else the first by the day of discharge.
--   unique_therapy: The therapy where exactly one was given (IET: internet-enabled), else more than one or none;
--       employment support is none.
--   main_medium: Medium of most treatment contacts; ties go to face to face, telephone, video, written, other in
--       this order.
--   main_mode: Mode of most treatment contacts; ties go to individual, couple, group in this order.
--   met_in_person: Whether any attended contact was face to face.
--   language_mode: Language of most treatment contacts, and who interprets.
--   dose [contacts]: Number of treatment contacts as text, 21+ for more than 20.
--   discharge_reason: Reason for discharge: code, invalid, not recorded, or open.
--   attended_band [contacts]: Contacts attended: none, one, two or more.
--   referral_length [days]: Days from referral to discharge, in bands, or open.
--   repeat_gap [days]: Days since the last finished course of the person here, in bands; none if more than 365 or
--       there is none.
--   is_repeat_referral: Whether the person finished a course here within 365 days before this referral.
--   site: Site of the first treatment contact (ODS).
--   employment_support: Whether there was an employment support contact before the end of the course (M306):
--       received, not received.
--   employment_at_start: First employment status recorded from referral to discharge.
--   employment_at_end: Last employment status recorded from referral to discharge, where two days were.
--   work_first: in work, off sick or not employed, by the first record.
--   work_last: The same by the last record, where two days were.
--   work_change: From the first to the last.
--   hours_first: Band of weekly hours, first record.
--   hours_last: Band of weekly hours, last record.
--   benefit_first: Any benefit, first record: received, none.
--   benefit_change: Any benefit, first to last record.
--   sick_pay_change: Statutory sick pay, first to last record.
--   sickness_change: Off work sick, first to last record.
--   self_employed_change: Self-employed, first to last record.
--   esa_change: Employment and Support Allowance, first to last record.
--   universal_credit_change: Universal Credit, first to last record.
--   pip_change: Personal Independence Payment, first to last record.
--   support_suitability: Whether any record of the pathway finds the person suitable for employment support.
--   suitability_change: Suitable for employment support, first to last record.
--   student: Whether the latest recorded status is student.
--   student_age: Students by age at referral.
--   employment_records [records]: Days from referral to discharge with an employment status recorded.
--   sickness_records [records]: Days from referral to discharge with sickness absence recorded as yes or no.
--   iet_logs [logs]: Logs of internet-enabled therapy.
--   iet_minutes [minutes]: Therapist minutes in those logs.
--   first_low_intensity_on [date]: Day of the first session of low intensity.
--   first_high_intensity_on [date]: Day of the first session of high intensity.
--   contact_minutes [minutes]: Clinical minutes of attended contacts.
--   first_integrated_on [date]: Day of the first attended integrated contact.
--   first_integrated_treatment_on [date]: Day of the first integrated treatment contact.
--   first_employment_support_on [date]: Day of the first employment support contact.
--   last_employment_support_on [date]: Day of the last employment support contact.
--   employment_support_contacts [contacts]: Employment support contacts.
--   employment_support_referred_on [date]: Earliest day of referral to employment support in the pathway's
--       employment records.
--   employment_support_discharged_on [date]: Latest day of discharge from employment support in the pathway's
--       employment records.
