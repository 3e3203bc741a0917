-- core.contact
-- Grain: one row per provider, care contact and day: the latest month that carries it, then the highest row number.
-- Treatment contact (M347, M1011, M090): appointment type 02, 03 or 05, attended (5, 6) or unplanned, on a day
-- from referral to discharge. Follow-up (06) is none. 3 is "did not attend" and never attendance.
-- A contact is dated in the month it is submitted for. So an id that comes again with another day is another contact,
-- and neither replaces the other. Few ids come twice: only those are looked at.
-- contact_number is valid only in the batch, as referral_number is, and tells the contacts of a provider apart.
CREATE TABLE core.contact AS
WITH again AS (
    SELECT
        provider, CareContactId, CareContDate, max(recency) AS recency, count(*) AS submitted_records,
        count(*) OVER (PARTITION BY provider, CareContactId) > 1 AS is_id_reused
    FROM staged.IDS201
    INNER JOIN (SELECT provider, CareContactId FROM staged.IDS201_latest WHERE submitted_records > 1) AS d
        USING (provider, CareContactId)
    GROUP BY provider, CareContactId, CareContDate
),
judged AS (
    SELECT
        c.*, r.referral_number, r.pathway, coalesce(d.submitted_records, 1) AS submitted_records,
        coalesce(d.is_id_reused, false) AS is_id_reused,
        coalesce(c.AttendOrDNACode IN ('5', '6'), false) AS is_attended,
        coalesce(c.AttendOrDNACode IN ('5', '6') OR c.PlannedCareContIndicator = 'N', false)
            AND c.CareContDate >= r.received_on
            AND (r.discharged_on IS NULL OR c.CareContDate <= r.discharged_on) AS is_seen_in_episode
    FROM staged.IDS201 AS c
    LEFT JOIN again AS d
        ON d.provider = c.provider AND d.CareContactId = c.CareContactId AND d.CareContDate = c.CareContDate
    LEFT JOIN work.referral AS r
        ON r.provider = c.provider AND r.service_request_id = c.ServiceRequestId
    WHERE d.recency IS NULL OR d.recency = c.recency
)
SELECT
    referral_number, recency AS contact_number, provider, submitted_by, CareContactId AS care_contact_id, ServiceRequestId AS service_request_id, pathway, month,
    row_number, submitted_records, CareContDate AS contact_on, CareContTime AS contact_time,
    OrgIDComm AS commissioner, AppType AS appointment_type, AttendOrDNACode AS attendance,
    PlannedCareContIndicator AS planned, is_attended,
    coalesce(is_seen_in_episode AND AppType IN ('01', '03'), false) AS is_assessment,
    coalesce(is_seen_in_episode AND AppType IN ('02', '03', '05'), false) AS is_treatment,
    ClinContDurOfCareCont AS duration_minutes,
    -- v2.1 records the mechanism, v2.0 the medium; 01 and 02 mean the same in both.
    coalesce(ConsMechanism, ConsMediumUsed) AS medium, CareContPatientTherMode AS therapy_mode,
    NumGroupTherParticipants AS group_participants, IAPTLTCServiceInd AS integrated_ltc_service,
    CAST(IntEnabledTherProg AS VARCHAR) AS internet_therapy_programme, PsychMed AS psychotropic_medication,
    ActLocTypeCode AS location_type, SiteIDOfTreat AS site, LanguageCodeTreat AS treatment_language,
    InterpreterPresentInd AS interpreter, is_id_reused
FROM judged

-- Columns of core.contact: One row per provider, care contact and day (IDS201), as last submitted.
--   provider, key: ODS code of the provider.
--   submitted_by: ODS code of the provider that sent the row: itself, or one whose place it has taken.
--   care_contact_id, key: Pseudonym of the provider's care contact id.
--   service_request_id: Pseudonym of the provider's referral id.
--   pathway: Pathway code (ref.pathway): as submitted, else derived.
--   month [month], key: First day of the month of the latest submission that carries the row.
--   row_number: Row of the submitted file, header row being 1; unique with submitted_by and month.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   contact_on [date]: Day of the contact.
--   contact_time [HH:MM:SS]: Time of the contact as submitted.
--   commissioner: ODS code of the commissioner.
--   appointment_type: Appointment type (ref.code appointment_type): 01 assessment, 02 treatment, 03 both, 06
--       follow-up …
--   attendance: Attendance code: 5 on time, 6 late but seen, 3 did not attend, 2 and 4 cancelled, 7 too late, 0
--       future.
--   planned: Whether the contact was planned: Y or N.
--   is_attended: Whether the attendance code is 5 or 6.
--   is_assessment: Whether it counts as an assessment contact: type 01 or 03, attended or unplanned, within the
--       episode.
--   is_treatment: Whether it counts as a treatment contact (M347): type 02, 03 or 05, attended or unplanned, from
--       referral to discharge.
--   duration_minutes [minutes]: Clinical contact duration.
--   medium: How the contact took place (code of ConsMechanism, else of ConsMediumUsed).
--   therapy_mode: 1 individual, 2 couple, 3 group.
--   group_participants [people]: Participants of a group contact.
--   integrated_ltc_service: Whether the contact was part of an integrated service for long-term conditions.
--   internet_therapy_programme: Pseudonym of the name of the internet-enabled therapy programme used.
--   psychotropic_medication: Psychotropic medication code.
--   location_type: Type of place of the contact.
--   site: ODS code of the site where the contact took place; NULL when not sent.
--   treatment_language: Language of the treatment.
--   interpreter: Interpreter code.
--   is_id_reused: Whether the provider used the same care contact id for a contact of another day.
