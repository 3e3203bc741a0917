-- mesh_IAPT.IDS101referral
-- Grain: one row per pathway and reported month that carries it. Discharge, flags and event dates are as at that
-- month's end; counts, last session and scores as known at the release (final in the month of discharge).
CREATE OR REPLACE VIEW mesh_IAPT.IDS101referral AS
SELECT
    m.row_id AS UniqueID_IDS101, m.submission_id AS UniqueSubmissionID, m.audit_id AS AuditId,
    m.month_id AS Unique_MonthID, m.record_number AS RecordNumber, m.provider AS OrgID_Provider,
    m.person_id AS Person_ID, m.pathway_id AS PathwayID, m.pathway AS Pathway,
    x.measure_set = 'talking_therapies' AS UsePathway_Flag, CAST(m.month_end AS TIMESTAMP) AS EFFECTIVE_FROM,
    p.commissioner AS OrgIDComm, p.received_on AS ReferralRequestReceivedDate,
    p.source_of_referral AS SourceOfReferralMH, p.source_of_referral AS SourceOfReferralIAPT,
    p.age_at_referral AS Age_ReferralRequest_ReceivedDate,
    CASE WHEN m.is_ended THEN p.discharged_on END AS ServDischDate,
    CASE WHEN m.is_ended THEN p.end_code END AS EndCode,
    CASE WHEN p.first_assessment_on <= m.month_end THEN p.first_assessment_on END AS Assessment_FirstDate,
    CASE WHEN p.first_treatment_on <= m.month_end THEN p.first_treatment_on END AS TherapySession_FirstDate,
    CASE WHEN p.second_treatment_on <= m.month_end THEN p.second_treatment_on END AS TherapySession_SecondDate,
    p.last_treatment_on AS TherapySession_LastDate,
    CAST(p.attended_contacts AS INTEGER) AS CareContact_Count,
    CAST(p.treatment_contacts AS INTEGER) AS TreatmentCareContact_Count,
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
    w.social_leisure_last AS WASAS_SocialLeisureActivities_LastScore, w.work_first AS WASAS_Work_FirstScore,
    w.work_last AS WASAS_Work_LastScore,
    CAST(NULL AS DECIMAL(9, 2)) AS BPI_FirstScore, CAST(NULL AS DECIMAL(9, 2)) AS BPI_LastScore,
    CAST(NULL AS INTEGER) AS CAT_FirstScore, CAST(NULL AS INTEGER) AS CAT_LastScore,
    CAST(NULL AS DECIMAL(9, 2)) AS DDS_FirstScore, CAST(NULL AS DECIMAL(9, 2)) AS DDS_LastScore
FROM compat.pathway_month AS m
INNER JOIN ref.pathway AS x ON x.pathway = m.pathway
INNER JOIN core.pathway AS p ON p.provider = m.provider AND p.service_request_id = m.service_request_id
INNER JOIN compat.problem AS d ON d.provider = m.provider AND d.service_request_id = m.service_request_id
LEFT JOIN compat.therapy_count AS t ON t.provider = m.provider AND t.service_request_id = m.service_request_id
LEFT JOIN compat.wsas_item AS w ON w.provider = m.provider AND w.service_request_id = m.service_request_id
LEFT JOIN compat.employment_support AS e
    ON e.provider = m.provider AND e.service_request_id = m.service_request_id
LEFT JOIN compat.internet_count AS i ON i.provider = m.provider AND i.service_request_id = m.service_request_id
