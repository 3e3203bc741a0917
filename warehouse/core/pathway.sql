-- core.pathway
-- Grain: one row per provider and service request.
-- The flags from is_at_caseness on are NULL until the course is completed (discharged with two or more treatment
-- contacts). For finished courses they are true or false, never NULL.
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
        coalesce(b.paired_measures, 0) AS paired_measures, coalesce(b.main_change, 'unpaired') AS main_change
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
    is_reqol10_in_recovery_last, paired_measures, main_change,
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

-- Columns of core.pathway: One row per provider and service request (IDS101): the referral, its treatment and its
--     outcome.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   person_id: Pseudonym of the person: the same at every provider if the NHS number is verified, else only at
--       this provider.
--   first_month [month]: First day of the first month that carries it.
--   last_month [month]: First day of the latest month that carries it.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   pathway: Pathway code (ref.pathway): as submitted, else derived.
--   pathway_source: Where the pathway code comes from: submitted, diagnosis, primary reason, or default (05).
--   complaint [ICD-10 or SNOMED CT]: Presenting complaint that counts, ICD-10 without its dot.
--   adsm: Anxiety-disorder measure that goes with the complaint, NULL when none does.
--   commissioner: ODS code of the commissioner.
--   received_on [date]: Day the referral was received.
--   source_of_referral: Source of referral code.
--   age_at_referral [years]: Age on the day of referral.
--   primary_reason: Primary reason for referral (MHSDS code).
--   team_type: Type of team referred to.
--   onset_month [YYYY-MM]: Month of onset of symptoms.
--   previously_diagnosed: Whether the condition was diagnosed before.
--   offered_on [date]: Day therapy was offered.
--   offer_accepted: Whether the offer was accepted.
--   end_code: Reason for discharge.
--   discharged_on [date]: Day of discharge; NULL while open.
--   care_contacts: Care contacts, attended or not.
--   attended_contacts: Care contacts attended.
--   treatment_contacts: Treatment contacts.
--   first_assessment_on [date]: Day of the first assessment contact.
--   first_treatment_on [date]: Day of the first treatment contact.
--   second_treatment_on [date]: Day of the second treatment contact.
--   last_treatment_on [date]: Day of the last treatment contact.
--   wait_to_first_treatment_days [days]: From referral to first treatment contact; pauses are not taken off.
--   wait_first_to_second_days [days]: From first to second treatment contact.
--   is_discharged: Whether there is a discharge date.
--   is_completed_course: Whether the course is finished: discharged after two or more treatment contacts (M076).
--   phq9_first [points]: First PHQ-9 score.
--   phq9_last [points]: Last PHQ-9 score, NULL unless paired.
--   gad7_first [points]: First GAD-7 score.
--   gad7_last [points]: Last GAD-7 score, NULL unless paired.
--   anxiety_measure: Instrument used for anxiety: that of the complaint when paired, else GAD-7.
--   anxiety_first [points]: First score on the anxiety measure.
--   anxiety_last [points]: Last score on the anxiety measure, NULL unless paired.
--   is_phq9_paired: Whether PHQ-9 is paired.
--   is_anxiety_paired: Whether the anxiety measure is paired.
--   is_own_anxiety_measure_paired: Whether a measure that goes with the complaint itself is paired (M204).
--   is_paired: Whether PHQ-9 and the anxiety measure are both paired.
--   caseness_at_start: case, not a case, or unknown (a first score is missing and the other is below its
--       cut-off).
--   reliable_change: PHQ-9 and anxiety measure together: improved, deteriorated, no change or unpaired, whether
--       or not the course is finished.
--   reqol10_first [points]: First ReQoL-10 score.
--   reqol10_last [points]: Last ReQoL-10 score, NULL unless paired.
--   reqol10_change: Reliable change on ReQoL-10.
--   is_reqol10_case_first: Whether the first ReQoL-10 score is below 25.
--   is_reqol10_case_last: Whether the last ReQoL-10 score is below 25.
--   is_reqol10_in_recovery_last: Whether the last ReQoL-10 score is at or above its recovery cut-off.
--   paired_measures: Paired instruments of the pathway's battery.
--   main_change: Reliable change on the main measure of the pathway (ref.pathway.severity_measure), whether or not
--       the course is finished: improved, deteriorated, no change, unpaired, no threshold. Measures are not combined.
--   is_at_caseness: Finished courses: a first score is at or beyond its cut-off. NULL while not finished.
--   is_not_at_caseness: Finished courses: both first scores are below their cut-offs. NULL while not finished.
--   is_recovered: Finished courses: at caseness first and below both cut-offs last. NULL while not finished.
--   is_reliably_improved: Finished courses: reliably better on one measure, not reliably worse on the other. NULL
--       while not finished.
--   is_reliably_deteriorated: Finished courses: reliably worse on one measure, not reliably better on the other.
--       NULL while not finished.
--   has_no_reliable_change: Finished courses: paired and neither of the two. NULL while not finished.
--   is_reliably_recovered: Finished courses: recovered and reliably improved. NULL while not finished.
