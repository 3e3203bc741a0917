-- core.contact
-- Grain: one row per provider and care contact: the latest month that carries it, then the highest row number.
-- Treatment contact (M347, M1011, M090): appointment type 02, 03 or 05, attended (5, 6) or unplanned, on a day
-- from referral to discharge. Follow-up (06) is none. 3 is "did not attend" and never attendance.
CREATE TABLE core.contact AS
WITH ranked AS (
    SELECT
        provider, CareContactId, ServiceRequestId, month, row_number, CareContDate, CareContTime, OrgIDComm,
        AppType, AttendOrDNACode, PlannedCareContIndicator, ClinContDurOfCareCont,
        -- v2.1 records the mechanism, v2.0 the medium; 01 and 02 mean the same in both.
        coalesce(ConsMechanism, ConsMediumUsed) AS medium,
        CareContPatientTherMode, NumGroupTherParticipants, IAPTLTCServiceInd, IntEnabledTherProg,
        PsychMed, ActLocTypeCode, LanguageCodeTreat, InterpreterPresentInd,
        row_number() OVER (
            PARTITION BY provider, CareContactId ORDER BY month DESC, row_number DESC
        ) AS recency,
        count(*) OVER (PARTITION BY provider, CareContactId) AS submitted_records
    FROM staged.IDS201
),
judged AS (
    SELECT
        c.*, r.referral_number, r.pathway,
        coalesce(c.AttendOrDNACode IN ('5', '6'), false) AS is_attended,
        coalesce(c.AttendOrDNACode IN ('5', '6') OR c.PlannedCareContIndicator = 'N', false)
            AND c.CareContDate >= r.received_on
            AND (r.discharged_on IS NULL OR c.CareContDate <= r.discharged_on) AS is_seen_in_episode
    FROM ranked AS c
    LEFT JOIN work.referral AS r
        ON r.provider = c.provider AND r.service_request_id = c.ServiceRequestId
    WHERE c.recency = 1
),
treated AS (
    SELECT
        j.*, coalesce(is_seen_in_episode AND AppType IN ('02', '03', '05'), false) AS is_treatment,
        coalesce(is_seen_in_episode AND AppType IN ('01', '03'), false) AS is_assessment
    FROM judged AS j
)
SELECT
    provider, CareContactId AS care_contact_id, ServiceRequestId AS service_request_id, pathway, month,
    row_number, submitted_records, CareContDate AS contact_on, CareContTime AS contact_time,
    OrgIDComm AS commissioner, AppType AS appointment_type, AttendOrDNACode AS attendance,
    PlannedCareContIndicator AS planned, is_attended, is_assessment, is_treatment,
    CASE WHEN is_treatment THEN row_number() OVER (
        PARTITION BY referral_number, is_treatment
        ORDER BY CareContDate, CareContTime NULLS FIRST, month, row_number
    ) END AS session_number,
    ClinContDurOfCareCont AS duration_minutes, medium, CareContPatientTherMode AS therapy_mode,
    NumGroupTherParticipants AS group_participants, IAPTLTCServiceInd AS integrated_ltc_service,
    IntEnabledTherProg AS internet_therapy_programme, PsychMed AS psychotropic_medication,
    ActLocTypeCode AS location_type, LanguageCodeTreat AS treatment_language,
    InterpreterPresentInd AS interpreter
FROM treated
