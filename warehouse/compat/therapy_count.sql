-- compat.therapy_count
-- Grain: one row per pathway with a therapy given or planned: in how many treatment contacts each was given.
CREATE OR REPLACE VIEW compat.therapy_count AS
SELECT
    provider, service_request_id,
    max(sessions) FILTER (WHERE therapy_type = 'REL') AS AppliedRelaxation_Count,
    max(sessions) FILTER (WHERE therapy_type = 'BDT') AS BriefPsychodynamicPsychotherapy_Count,
    max(sessions) FILTER (WHERE therapy_type = 'CBT') AS CognitiveBehaviourTherapy_Count,
    max(sessions) FILTER (WHERE therapy_type = 'COL') AS CollaborativeCare_Count,
    max(sessions) FILTER (WHERE therapy_type = 'SIG') AS CommunitySignPosting_Count,
    max(sessions) FILTER (WHERE therapy_type = 'CFD') AS CounsellingDepression_Count,
    max(sessions) FILTER (WHERE therapy_type = 'CTD') AS CouplesTherapyDepression_Count,
    max(sessions) FILTER (WHERE therapy_type = 'EMD') AS EyeMovementDesensitisationReprocessing_Count,
    max(sessions) FILTER (WHERE therapy_type = 'GSB') AS GuidedSelfHelp_Book_Count,
    max(sessions) FILTER (WHERE therapy_type = 'GSC') AS GuidedSelfHelp_Computer_Count,
    max(sessions) FILTER (WHERE therapy_type = 'IPT') AS InterpersonalPsychotherapy_Count,
    max(sessions) FILTER (WHERE therapy_type = 'MBC') AS Mindfulness_Count,
    max(sessions) FILTER (WHERE therapy_type = 'NSB') AS NonGuidedSelfHelp_Book_Count,
    max(sessions) FILTER (WHERE therapy_type = 'NSC') AS NonGuidedSelfHelp_Computer_Count,
    max(sessions) FILTER (WHERE therapy_type = 'OHI') AS OtherHighIntensity_Count,
    max(sessions) FILTER (WHERE therapy_type = 'OLI') AS OtherLowIntensity_Count,
    max(sessions) FILTER (WHERE therapy_type = 'PSE') AS PsychoeducationalPeerSupport_Count,
    max(sessions) FILTER (WHERE therapy_type = 'PHA') AS StructuredPhysicalActivity_Count
FROM core.therapy_course
GROUP BY provider, service_request_id
