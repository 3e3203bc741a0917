-- compat.pathway_month
-- Grain: one row per pathway and reported month that carries it: from the month it was received in to that of its
-- discharge, or while it is open to the last that sent it or saw its patient.
-- Numbers follow the order of the keys: the same in every build of the same inputs, but not in another release.
CREATE OR REPLACE VIEW compat.pathway_month AS
WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY provider, service_request_id) AS number
    FROM core.pathway
)
SELECT
    p.provider, p.service_request_id, p.provider || '-' || p.service_request_id AS pathway_id, p.pathway,
    p.person_id, s.month, s.month_end, s.month_id, s.submission_id, s.audit_id,
    h.person_number * 10000 + s.month_id AS record_number, p.number * 10000 + s.month_id AS row_id,
    coalesce(p.discharged_on <= s.month_end, false) AS is_ended
FROM numbered AS p
INNER JOIN compat.submission AS s
    ON s.provider = p.provider AND s.month_end >= coalesce(p.received_on, p.first_month)
    AND s.month <= coalesce(p.discharged_on, greatest(p.last_month, p.first_assessment_on, p.last_treatment_on))
LEFT JOIN compat.person_number AS h ON h.provider = p.provider AND h.person_id = p.person_id

-- Columns of compat.pathway_month: One row per pathway and reported month that carries it: from the month it was
--     received in to that of its discharge, or while it is open to the last that sent it or saw its patient.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's service request id.
--   pathway_id: Provider and pseudonym of the service request.
--   pathway: Clinical pathway.
--   person_id: Pseudonym of the person.
--   month [date], key: First day of the month.
--   month_end [date]: Last day of the month.
--   month_id: Number of the month.
--   submission_id: Id of the submission in the ledger.
--   audit_id: Number of the submission.
--   record_number: Number of the person in the month. Holds within one release.
--   row_id: Number of the row. Holds within one release.
--   is_ended: Discharged by the end of the month.
