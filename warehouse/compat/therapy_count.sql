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

-- Columns of compat.therapy_count: One row per pathway with a therapy given or planned: in how many treatment
--     contacts each was given.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's service request id.
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
