-- v1.referral
-- Grain: one row per provider and service request. One row of care each: not for publication.
CREATE OR REPLACE VIEW v1.referral AS
SELECT
    p.provider, CAST(p.service_request_id AS VARCHAR) AS service_request_id, CAST(p.person_id AS VARCHAR) AS person_id,
    p.pathway, n.pathway_name, p.commissioner, p.received_on,
    p.first_assessment_on, p.first_treatment_on, p.last_treatment_on, p.discharged_on, c.ending,
    p.care_contacts, p.attended_contacts, p.treatment_contacts, p.wait_to_first_treatment_days, p.is_completed_course,
    c.therapies_given, c.has_recommended_therapy, c.is_dose_reached, c.planned_sessions, c.is_plan_reached,
    p.is_paired, p.is_at_caseness, p.is_recovered, p.reliable_change, p.is_reliably_recovered, p.main_change,
    p.age_at_referral, g.age_band, g.gender, g.ethnic_group, g.deprivation_quintile, g.problem_descriptor
FROM core.pathway AS p
INNER JOIN core.pathway_care AS c ON c.provider = p.provider AND c.service_request_id = p.service_request_id
INNER JOIN core.pathway_group AS g ON g.provider = p.provider AND g.service_request_id = p.service_request_id
LEFT JOIN ref.pathway AS n ON n.pathway = p.pathway

-- Columns of v1.referral: One row per referral: the person's way from referral to discharge, and what changed.
--     Pseudonymised records: not for publication.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   person_id: Pseudonym of the person: the same at every provider if the NHS number is verified, else only at this
--       provider. NULL where the patient's record was rejected.
--   pathway: Pathway code: as submitted, else derived.
--   pathway_name: Name of the pathway.
--   commissioner: ODS code of the commissioner.
--   received_on [date]: Day the referral was received.
--   first_assessment_on [date]: Day of the first assessment contact.
--   first_treatment_on [date]: Day of the first treatment contact.
--   last_treatment_on [date]: Day of the last treatment contact.
--   discharged_on [date]: Day of discharge; NULL while open.
--   ending: How the referral ended, from the end code: completed, dropped out, ended by the service, dropped out of
--       assessment, declined, not suitable, advice only, went elsewhere, not assessed, died, not known; or open.
--   care_contacts: Care contacts, attended or not.
--   attended_contacts: Care contacts attended.
--   treatment_contacts: Treatment contacts.
--   wait_to_first_treatment_days [days]: From referral to first treatment contact; pauses are not taken off.
--   is_completed_course: Whether the course is finished: discharged after two or more treatment contacts.
--   therapies_given: Types of therapy with a session or more, in the alphabet, separated by blanks; NULL for none.
--   has_recommended_therapy: Whether one of them is recommended by NICE for the pathway; NULL when none is coded.
--   is_dose_reached: Whether a therapy with a minimum of sessions reached it; NULL when none with a minimum was given.
--   planned_sessions [sessions]: Sessions planned over all therapies.
--   is_plan_reached: Whether the sessions of the planned therapies reach the plan; NULL without a plan.
--   is_paired: Whether PHQ-9 and the anxiety measure are both paired.
--   is_at_caseness: Finished courses: a first score is at or beyond its cut-off. NULL while not finished.
--   is_recovered: Finished courses: at caseness first and below both cut-offs last. NULL while not finished.
--   reliable_change: PHQ-9 and anxiety measure together: improved, deteriorated, no change or unpaired.
--   is_reliably_recovered: Finished courses: recovered and reliably improved. NULL while not finished.
--   main_change: Reliable change on the main measure of the pathway: improved, deteriorated, no change, unpaired, no
--       threshold.
--   age_at_referral [years]: Age on the day of referral.
--   age_band: Age at referral: under 18, 18-25, 26-64, 65+.
--   gender: Gender identity where stated, else stated gender.
--   ethnic_group: white, mixed, asian, black, other, not stated or not known.
--   deprivation_quintile: Fifth of deprivation of the postcode district, 1 being the most deprived.
--   problem_descriptor: Group of the presenting complaint that counts.
