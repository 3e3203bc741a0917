-- work.referral
-- Grain: one row per provider and service request: attributes from the latest current month that carries it.
-- Ids are unique within a month only, so the same referral is submitted every month. referral_number replaces
-- the two text keys within a batch: 2 x faster on 1.4 M scores. The latest record is found by a maximum and
-- a join, not by a sorted window: 0.4 s instead of 0.7 s on 0.5 M records.
CREATE TABLE work.referral AS
WITH coded AS (
    SELECT
        r.submission_id, r.provider, r.ServiceRequestId, r.LocalPatientId, r.month, r.OrgIDComm,
        r.ReferralRequestReceivedDate, coalesce(r.SourceOfReferralMH, r.SourceOfReferralIAPT) AS source_of_referral,
        r.age_at_referral, r.PrimReasonReferralMH, r.ServTeamTypeRefToMH, r.OnsetDate, r.PrevDiagCondInd,
        r.OfferOfTherapyDate, r.OfferAccepted, r.EndCode, r.ServDischDate, l.first_month, l.submitted_records,
        c.complaint, c.adsm,
        w.pathway AS submitted_pathway, c.pathway AS diagnosis_pathway, x.pathway AS reason_pathway
    FROM staged.IDS101 AS r
    INNER JOIN staged.IDS101_latest AS l
        ON l.provider = r.provider AND l.recency = r.recency
    LEFT JOIN core.complaint AS c ON c.provider = r.provider AND c.service_request_id = r.ServiceRequestId
    LEFT JOIN ref.pathway AS w ON w.pathway = r.Pathway AND w.measure_set IS NOT NULL
    LEFT JOIN ref.pathway_reason AS x ON x.primary_reason = r.PrimReasonReferralMH
)
SELECT
    CAST(row_number() OVER (ORDER BY c.provider, c.ServiceRequestId) AS INTEGER) AS referral_number,
    c.provider, c.ServiceRequestId AS service_request_id, p.person_id, p.person_mark, c.first_month,
    c.month AS last_month,
    c.submitted_records, coalesce(submitted_pathway, diagnosis_pathway, reason_pathway, d.pathway) AS pathway,
    CASE
        WHEN submitted_pathway IS NOT NULL THEN 'submitted'
        WHEN diagnosis_pathway IS NOT NULL THEN 'diagnosis'
        WHEN reason_pathway IS NOT NULL THEN 'primary reason'
        ELSE 'default'
    END AS pathway_source,
    c.complaint, c.adsm, c.OrgIDComm AS commissioner, c.ReferralRequestReceivedDate AS received_on,
    c.source_of_referral, c.age_at_referral, c.PrimReasonReferralMH AS primary_reason,
    c.ServTeamTypeRefToMH AS team_type, c.OnsetDate AS onset_month,
    c.PrevDiagCondInd AS previously_diagnosed, c.OfferOfTherapyDate AS offered_on,
    c.OfferAccepted AS offer_accepted, c.EndCode AS end_code, c.ServDischDate AS discharged_on
FROM coded AS c
INNER JOIN ref.pathway AS d ON d.is_default
LEFT JOIN work.patient AS p
    ON p.submission_id = c.submission_id AND p.local_patient_id = c.LocalPatientId
