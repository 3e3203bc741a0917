-- core.pathway
-- Grain: one row per provider and service request.
-- The flags from is_at_caseness on are NULL until the course is completed (discharged with two or more treatment
-- contacts): what they say is said of finished courses only. Within those they are true or false, never NULL.
CREATE TABLE core.pathway AS
WITH joined AS (
    SELECT
        r.*, coalesce(t.care_contacts, 0) AS care_contacts, coalesce(t.attended_contacts, 0) AS attended_contacts,
        coalesce(t.treatment_contacts, 0) AS treatment_contacts, t.first_assessment_on, t.first_treatment_on,
        t.second_treatment_on, t.last_treatment_on,
        r.discharged_on IS NOT NULL AS is_discharged,
        r.discharged_on IS NOT NULL AND coalesce(t.treatment_contacts, 0) >= 2 AS is_completed_course,
        v.phq9_first, v.phq9_last, v.gad7_first, v.gad7_last, v.anxiety_measure, v.anxiety_first,
        v.anxiety_last, v.is_phq9_paired, v.is_anxiety_paired, v.is_own_anxiety_measure_paired, v.is_paired,
        v.is_case_first, v.is_below_both_last, v.reliable_change,
        q.first_score AS reqol10_first, q.last_score AS reqol10_last, q.reliable_change AS reqol10_change,
        q.is_case_first AS is_reqol10_case_first, q.is_case_last AS is_reqol10_case_last,
        q.is_in_recovery_last AS is_reqol10_in_recovery_last,
        coalesce(b.paired_measures, 0) AS paired_measures, coalesce(b.overall_change, 'unpaired') AS overall_change
    FROM work.referral AS r
    LEFT JOIN work.treatment AS t ON t.referral_number = r.referral_number
    LEFT JOIN work.recovery AS v ON v.referral_number = r.referral_number
    LEFT JOIN work.battery AS b ON b.referral_number = r.referral_number
    LEFT JOIN core.outcome AS q
        ON q.referral_number = r.referral_number AND q.instrument = 'REQOL10'
)
SELECT
    referral_number, provider, service_request_id, person_id, first_month, last_month, submitted_records, pathway,
    pathway_source, complaint, adsm, commissioner, received_on, source_of_referral, age_at_referral,
    primary_reason, team_type, onset_month, previously_diagnosed, offered_on, offer_accepted, end_code,
    discharged_on, care_contacts, attended_contacts, treatment_contacts, first_assessment_on,
    first_treatment_on, second_treatment_on, last_treatment_on,
    date_diff('day', received_on, first_treatment_on) AS wait_to_first_treatment_days,
    date_diff('day', first_treatment_on, second_treatment_on) AS wait_first_to_second_days,
    is_discharged, is_completed_course, phq9_first, phq9_last, gad7_first, gad7_last, anxiety_measure,
    anxiety_first, anxiety_last, is_phq9_paired, is_anxiety_paired, is_own_anxiety_measure_paired, is_paired,
    CASE WHEN is_case_first THEN 'case' WHEN NOT is_case_first THEN 'not a case' ELSE 'unknown' END
        AS caseness_at_start,
    reliable_change, reqol10_first, reqol10_last, reqol10_change, is_reqol10_case_first, is_reqol10_case_last,
    is_reqol10_in_recovery_last, paired_measures, overall_change,
    CASE WHEN is_completed_course THEN coalesce(is_case_first, false) END AS is_at_caseness,
    CASE WHEN is_completed_course THEN coalesce(NOT is_case_first, false) END AS is_not_at_caseness,
    CASE WHEN is_completed_course THEN coalesce(is_case_first AND is_below_both_last, false) END AS is_recovered,
    CASE WHEN is_completed_course THEN reliable_change = 'improved' END AS is_reliably_improved,
    CASE WHEN is_completed_course THEN reliable_change = 'deteriorated' END AS is_reliably_deteriorated,
    CASE WHEN is_completed_course THEN reliable_change = 'no change' END AS has_no_reliable_change,
    CASE WHEN is_completed_course
        THEN coalesce(is_case_first AND is_below_both_last AND reliable_change = 'improved', false)
    END AS is_reliably_recovered
FROM joined
