-- core.complaint
-- Grain: one row per provider and service request that has a presenting complaint: the one that counts.
-- Order as in M204/M205: populated, then primary before secondary, then latest date, then latest record.
-- adsm is the anxiety-disorder measure of this complaint (the first in the catalogue if there are several).
CREATE TABLE core.complaint AS
WITH ranked AS (
    SELECT
        provider, ServiceRequestId AS service_request_id, FindSchemeInUse AS finding_scheme,
        -- ICD-10 is submitted with and without its dot.
        replace(PresComp, '.', '') AS complaint, PresCompCodSig AS significance, PresCompDate AS recorded_on,
        row_number() OVER (
            PARTITION BY provider, ServiceRequestId
            ORDER BY
                CASE WHEN PresComp IS NULL THEN 1 ELSE 0 END,
                CASE PresCompCodSig WHEN '1' THEN 1 WHEN '2' THEN 2 ELSE 3 END,
                PresCompDate DESC NULLS LAST, recency DESC
        ) AS rank,
        count(*) OVER (PARTITION BY provider, ServiceRequestId) AS submitted_records
    FROM staged.IDS603
),
placed AS (
    -- By the few thousand codes there are: by record 2 M of them took 3.3 s instead of 0.3.
    SELECT c.complaint, w.pathway
    FROM (SELECT DISTINCT complaint FROM ranked WHERE rank = 1) AS c
    INNER JOIN ref.pathway_complaint AS w ON starts_with(c.complaint, w.complaint_prefix)
),
adsm AS (
    SELECT r.provider, r.service_request_id, arg_min(a.instrument, a.position) AS adsm
    FROM ranked AS r
    INNER JOIN ref.adsm AS a ON starts_with(r.complaint, a.complaint_prefix)
    WHERE r.rank = 1
    GROUP BY r.provider, r.service_request_id
)
SELECT
    r.provider, r.service_request_id, r.submitted_records, r.finding_scheme, r.complaint, r.significance,
    r.recorded_on, a.adsm, w.pathway
FROM ranked AS r
LEFT JOIN placed AS w ON w.complaint = r.complaint
LEFT JOIN adsm AS a ON a.provider = r.provider AND a.service_request_id = r.service_request_id
WHERE r.rank = 1

-- Columns of core.complaint: One row per service request with a presenting complaint (IDS603): the one that
--     counts, chosen as in M204/M205.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   finding_scheme: Coding scheme of the complaint.
--   complaint [ICD-10 or SNOMED CT]: Presenting complaint that counts, ICD-10 without its dot.
--   significance: 1 primary, 2 secondary.
--   recorded_on [date]: Day it was recorded.
--   adsm: Anxiety-disorder measure that goes with the complaint, NULL when none does.
--   pathway: Pathway code of the complaint by its ICD-10 chapter; NULL when there is none.
