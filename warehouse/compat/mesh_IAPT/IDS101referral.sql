-- mesh_IAPT.IDS101referral
-- Grain: one row per pathway and reported month that carries it: what is as at its end and what is not, below.
CREATE OR REPLACE VIEW mesh_IAPT.IDS101referral AS
SELECT
    m.row_id AS UniqueID_IDS101, m.submission_id AS UniqueSubmissionID, m.audit_id AS AuditId,
    m.month_id AS Unique_MonthID, m.record_number AS RecordNumber, m.provider AS OrgID_Provider,
    CAST(m.person_id AS VARCHAR) AS Person_ID, m.pathway_id AS PathwayID, m.pathway AS Pathway,
    x.measure_set = 'talking_therapies' AS UsePathway_Flag, CAST(m.month_end AS TIMESTAMP) AS EFFECTIVE_FROM,
    p.commissioner AS OrgIDComm, p.received_on AS ReferralRequestReceivedDate,
    p.source_of_referral AS SourceOfReferralMH, p.source_of_referral AS SourceOfReferralIAPT,
    p.age_at_referral AS Age_ReferralRequest_ReceivedDate,
    CASE WHEN m.is_ended THEN p.discharged_on END AS ServDischDate, CASE WHEN m.is_ended THEN p.end_code END AS EndCode,
    CASE WHEN p.first_assessment_on <= m.month_end THEN p.first_assessment_on END AS Assessment_FirstDate,
    CASE WHEN p.first_treatment_on <= m.month_end THEN p.first_treatment_on END AS TherapySession_FirstDate,
    CASE WHEN p.second_treatment_on <= m.month_end THEN p.second_treatment_on END AS TherapySession_SecondDate,
    CASE WHEN m.is_ended THEN p.last_treatment_on ELSE c.last_treatment_on END AS TherapySession_LastDate,
    CAST(CASE WHEN m.is_ended THEN p.care_contacts ELSE coalesce(c.care_contacts, 0) END AS INTEGER)
        AS CareContact_Count,
    CAST(CASE WHEN m.is_ended THEN p.treatment_contacts ELSE coalesce(c.treatment_contacts, 0) END AS INTEGER)
        AS TreatmentCareContact_Count,
    m.is_ended AND p.is_completed_course AS CompletedTreatment_Flag,
    m.is_ended AND coalesce(p.is_not_at_caseness, false) AS NotCaseness_Flag,
    m.is_ended AND coalesce(p.is_recovered, false) AS Recovery_Flag,
    m.is_ended AND coalesce(p.is_reliably_improved, false) AS ReliableImprovement_Flag,
    m.is_ended AND coalesce(p.is_reliably_deteriorated, false) AS ReliableDeterioration_Flag,
    m.is_ended AND coalesce(p.has_no_reliable_change, false) AS NoChange_Flag,
    CAST(p.phq9_first AS INTEGER) AS PHQ9_FirstScore, CAST(p.phq9_last AS INTEGER) AS PHQ9_LastScore,
    CAST(p.gad7_first AS INTEGER) AS GAD_FirstScore, CAST(p.gad7_last AS INTEGER) AS GAD_LastScore,
    CASE WHEN p.is_own_anxiety_measure_paired THEN
        CASE p.anxiety_measure
            WHEN 'MI_ALONE' THEN 'AgoraAlone' WHEN 'SPIN' THEN 'SocialPhobia' WHEN 'PDSS' THEN 'PanicDisorder'
            WHEN 'PCL5' THEN 'PTSD' WHEN 'IESR' THEN 'PTSD' WHEN 'HAI' THEN 'AnxietyInventory'
            WHEN 'PHQ15' THEN 'MUS' ELSE p.anxiety_measure
        END
    END AS ADSM,
    d.higher_category AS PresentingComplaintHigherCategory, d.higher_category AS PrimaryPresentingComplaint,
    d.lower_category AS PresentingComplaintLowerCategory, d.lower_category AS SecondaryPresentingComplaint,
    coalesce(t.AppliedRelaxation_Count, 0) AS AppliedRelaxation_Count,
    coalesce(t.BriefPsychodynamicPsychotherapy_Count, 0) AS BriefPsychodynamicPsychotherapy_Count,
    coalesce(t.CognitiveBehaviourTherapy_Count, 0) AS CognitiveBehaviourTherapy_Count,
    coalesce(t.CollaborativeCare_Count, 0) AS CollaborativeCare_Count,
    coalesce(t.CommunitySignPosting_Count, 0) AS CommunitySignPosting_Count,
    coalesce(t.CounsellingDepression_Count, 0) AS CounsellingDepression_Count,
    coalesce(t.CouplesTherapyDepression_Count, 0) AS CouplesTherapyDepression_Count,
    coalesce(t.EyeMovementDesensitisationReprocessing_Count, 0) AS EyeMovementDesensitisationReprocessing_Count,
    coalesce(t.GuidedSelfHelp_Book_Count, 0) AS GuidedSelfHelp_Book_Count,
    coalesce(t.GuidedSelfHelp_Computer_Count, 0) AS GuidedSelfHelp_Computer_Count,
    coalesce(t.InterpersonalPsychotherapy_Count, 0) AS InterpersonalPsychotherapy_Count,
    coalesce(t.Mindfulness_Count, 0) AS Mindfulness_Count,
    coalesce(t.NonGuidedSelfHelp_Book_Count, 0) AS NonGuidedSelfHelp_Book_Count,
    coalesce(t.NonGuidedSelfHelp_Computer_Count, 0) AS NonGuidedSelfHelp_Computer_Count,
    coalesce(t.OtherHighIntensity_Count, 0) AS OtherHighIntensity_Count,
    coalesce(t.OtherLowIntensity_Count, 0) AS OtherLowIntensity_Count,
    coalesce(t.PsychoeducationalPeerSupport_Count, 0) AS PsychoeducationalPeerSupport_Count,
    coalesce(t.StructuredPhysicalActivity_Count, 0) AS StructuredPhysicalActivity_Count,
    coalesce(i.logs, 0) AS InternetEnabledTherapy_Count, coalesce(e.contacts, 0) AS EmploymentSupport_Count,
    e.first_on AS EmpSupport_FirstDate, e.last_on AS EmpSupport_LastDate,
    w.home_management_first AS WASAS_HomeManagement_FirstScore,
    w.home_management_last AS WASAS_HomeManagement_LastScore,
    w.private_leisure_first AS WASAS_PrivateLeisureActivities_FirstScore,
    w.private_leisure_last AS WASAS_PrivateLeisureActivities_LastScore,
    w.relationships_first AS WASAS_Relationships_FirstScore,
    w.relationships_last AS WASAS_Relationships_LastScore,
    w.social_leisure_first AS WASAS_SocialLeisureActivities_FirstScore,
    w.social_leisure_last AS WASAS_SocialLeisureActivities_LastScore,
    w.work_first AS WASAS_Work_FirstScore, w.work_last AS WASAS_Work_LastScore,
    CAST(NULL AS DECIMAL(9, 2)) AS BPI_FirstScore, CAST(NULL AS DECIMAL(9, 2)) AS BPI_LastScore,
    CAST(NULL AS INTEGER) AS CAT_FirstScore, CAST(NULL AS INTEGER) AS CAT_LastScore,
    CAST(NULL AS DECIMAL(9, 2)) AS DDS_FirstScore, CAST(NULL AS DECIMAL(9, 2)) AS DDS_LastScore
FROM compat.pathway_month AS m
INNER JOIN ref.pathway AS x ON x.pathway = m.pathway
INNER JOIN core.pathway AS p ON p.provider = m.provider AND p.service_request_id = m.service_request_id
INNER JOIN compat.problem AS d ON d.provider = m.provider AND d.service_request_id = m.service_request_id
LEFT JOIN compat.contact_count AS c
    ON c.provider = m.provider AND c.service_request_id = m.service_request_id AND c.contact_on <= m.month_end
    AND (c.next_on IS NULL OR c.next_on > m.month_end)
LEFT JOIN compat.therapy_count AS t ON t.provider = m.provider AND t.service_request_id = m.service_request_id
LEFT JOIN compat.wsas_item AS w ON w.provider = m.provider AND w.service_request_id = m.service_request_id
LEFT JOIN compat.employment_support AS e ON e.provider = m.provider AND e.service_request_id = m.service_request_id
LEFT JOIN compat.internet_count AS i ON i.provider = m.provider AND i.service_request_id = m.service_request_id

-- Columns of mesh_IAPT.IDS101referral: One row per pathway and reported month that carries it, from the month it
--     was received in to that of discharge, or while it is open to the last that sent it or saw its patient.
--     Discharge, flags, event dates and counts of contacts are as at the end of the month; counts by therapy and
--     scores as known at the release.
--   UniqueID_IDS101, key: Number of the row. Holds within one release.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   RecordNumber: Number of the person in the month: joins a row to IDS001mpi. Empty where no patient record was
--       accepted. Holds within one release.
--   OrgID_Provider: ODS code of the provider.
--   Person_ID: Pseudonym of the person.
--   PathwayID: Provider and pseudonym of the service request: the pathway, and what national measures count.
--   Pathway: Clinical pathway (ref.pathway): not a national column.
--   UsePathway_Flag: Whether national Talking Therapies figures count the row: true on the pathways of
--       Talking Therapies.
--   EFFECTIVE_FROM: Last day of the month, as a time. It replaces the time of loading.
--   OrgIDComm: ODS code of the commissioner as submitted.
--   ReferralRequestReceivedDate [date]: Day the referral was received.
--   SourceOfReferralMH: Source of referral, whichever version of the dataset it was sent in.
--   SourceOfReferralIAPT: The same as SourceOfReferralMH.
--   Age_ReferralRequest_ReceivedDate: Age on the day the referral was received.
--   ServDischDate [date]: Day of discharge; empty in the months before it.
--   EndCode: Why the referral ended; empty in the months before it.
--   Assessment_FirstDate [date]: First attended assessment; empty in the months before it.
--   TherapySession_FirstDate [date]: First treatment contact; empty in the months before it.
--   TherapySession_SecondDate [date]: Second treatment contact; empty in the months before it.
--   TherapySession_LastDate [date]: Latest treatment contact up to the end of the month.
--   CareContact_Count [contacts]: Care contacts up to the end of the month, attended or not; all of them from the
--       month of discharge on.
--   TreatmentCareContact_Count [contacts]: Treatment contacts up to the end of the month (attended or unplanned,
--       follow-up excluded); all of them from the month of discharge on.
--   CompletedTreatment_Flag: Discharged by the end of the month with two or more treatment contacts.
--   NotCaseness_Flag: Course completed, and below caseness on both measures at the first scores.
--   Recovery_Flag: Course completed, at caseness first and below both cut-offs last.
--   ReliableImprovement_Flag: Course completed and reliably improved.
--   ReliableDeterioration_Flag: Course completed and reliably deteriorated.
--   NoChange_Flag: Course completed with paired scores and no reliable change.
--   PHQ9_FirstScore [points]: First PHQ-9 that counts.
--   PHQ9_LastScore [points]: Last PHQ-9 that counts; empty where there is only one.
--   GAD_FirstScore [points]: First GAD-7 that counts.
--   GAD_LastScore [points]: Last GAD-7 that counts; empty where there is only one.
--   ADSM: Anxiety measure of the problem descriptor with paired scores, by its national short name.
--   PresentingComplaintHigherCategory: Group of the problem descriptor, in the words of the national derivation.
--   PrimaryPresentingComplaint: The same as PresentingComplaintHigherCategory (version 2.1 of the dataset).
--   PresentingComplaintLowerCategory: Problem descriptor within the anxiety group; empty elsewhere.
--   SecondaryPresentingComplaint: The same as PresentingComplaintLowerCategory (version 2.1 of the dataset).
--   AppliedRelaxation_Count [contacts]: Treatment contacts with applied relaxation, known at the release.
--   BriefPsychodynamicPsychotherapy_Count [contacts]: Treatment contacts with brief psychodynamic psychotherapy,
--       known at the release.
--   CognitiveBehaviourTherapy_Count [contacts]: Treatment contacts with cognitive behavioural therapy, known at the
--       release.
--   CollaborativeCare_Count [contacts]: Treatment contacts with collaborative care, known at the release.
--   CommunitySignPosting_Count [contacts]: Treatment contacts with community signposting, known at the release.
--   CounsellingDepression_Count [contacts]: Treatment contacts with counselling for depression, known at the
--       release.
--   CouplesTherapyDepression_Count [contacts]: Treatment contacts with couple therapy for depression, known at the
--       release.
--   EyeMovementDesensitisationReprocessing_Count [contacts]: Treatment contacts with eye movement desensitisation
--       and reprocessing, known at the release.
--   GuidedSelfHelp_Book_Count [contacts]: Treatment contacts with guided self-help with a book, known at the
--       release.
--   GuidedSelfHelp_Computer_Count [contacts]: Treatment contacts with guided self-help with a computer, known at
--       the release.
--   InterpersonalPsychotherapy_Count [contacts]: Treatment contacts with interpersonal psychotherapy, known at the
--       release.
--   Mindfulness_Count [contacts]: Treatment contacts with mindfulness, known at the release.
--   NonGuidedSelfHelp_Book_Count [contacts]: Treatment contacts with self-help with a book, not guided, known at
--       the release.
--   NonGuidedSelfHelp_Computer_Count [contacts]: Treatment contacts with self-help with a computer, not guided,
--       known at the release.
--   OtherHighIntensity_Count [contacts]: Treatment contacts with another high-intensity therapy, known at the
--       release.
--   OtherLowIntensity_Count [contacts]: Treatment contacts with another low-intensity therapy, known at the
--       release.
--   PsychoeducationalPeerSupport_Count [contacts]: Treatment contacts with psychoeducational peer support, known at
--       the release.
--   StructuredPhysicalActivity_Count [contacts]: Treatment contacts with structured physical activity, known at the
--       release.
--   InternetEnabledTherapy_Count: Logs of internet-enabled therapy known at the release, those of 0 minutes
--       included.
--   EmploymentSupport_Count [contacts]: Employment support contacts known at the release, attended or unplanned.
--   EmpSupport_FirstDate [date]: First employment support contact known at the release.
--   EmpSupport_LastDate [date]: Latest employment support contact known at the release.
--   WASAS_HomeManagement_FirstScore [points]: First score of the WSAS item home management.
--   WASAS_HomeManagement_LastScore [points]: Last score of the WSAS item home management.
--   WASAS_PrivateLeisureActivities_FirstScore [points]: First score of the WSAS item private leisure.
--   WASAS_PrivateLeisureActivities_LastScore [points]: Last score of the WSAS item private leisure.
--   WASAS_Relationships_FirstScore [points]: First score of the WSAS item relationships.
--   WASAS_Relationships_LastScore [points]: Last score of the WSAS item relationships.
--   WASAS_SocialLeisureActivities_FirstScore [points]: First score of the WSAS item social leisure.
--   WASAS_SocialLeisureActivities_LastScore [points]: Last score of the WSAS item social leisure.
--   WASAS_Work_FirstScore [points]: First score of the WSAS item ability to work.
--   WASAS_Work_LastScore [points]: Last score of the WSAS item ability to work.
--   BPI_FirstScore [points]: Always empty: the Brief Pain Inventory is not in the instrument catalogue.
--   BPI_LastScore [points]: Always empty: the Brief Pain Inventory is not in the instrument catalogue.
--   CAT_FirstScore [points]: Always empty: the COPD Assessment Test is not in the instrument catalogue.
--   CAT_LastScore [points]: Always empty: the COPD Assessment Test is not in the instrument catalogue.
--   DDS_FirstScore [points]: Always empty: the Diabetes Distress Scale is not in the instrument catalogue.
--   DDS_LastScore [points]: Always empty: the Diabetes Distress Scale is not in the instrument catalogue.
