-- compat.person_month
-- Grain: one row per provider, person and reported month: those that carry one of the person's pathways, and those
-- from the first to the last that sent the person.
CREATE OR REPLACE VIEW compat.person_month AS
WITH carried AS (
    SELECT
        provider, person_id, min(coalesce(received_on, first_month)) AS carried_from,
        max(coalesce(discharged_on, greatest(last_month, first_assessment_on, last_treatment_on))) AS carried_to
    FROM core.pathway
    GROUP BY provider, person_id
)
SELECT
    h.provider, h.person_id, s.month, s.month_id, s.submission_id, s.audit_id,
    h.person_number * 10000 + s.month_id AS record_number
FROM compat.person_number AS h
LEFT JOIN carried AS c ON c.provider = h.provider AND c.person_id = h.person_id
INNER JOIN compat.submission AS s
    ON s.provider = h.provider AND s.month_end >= least(h.first_month, coalesce(c.carried_from, h.first_month))
    AND s.month <= greatest(h.last_month, coalesce(c.carried_to, h.last_month))

-- Columns of compat.person_month: One row per provider, person and reported month: those that carry one of the
--     person's pathways, and those from the first to the last that sent the person.
--   provider, key: ODS code of the provider.
--   person_id, key: Pseudonym of the person.
--   month [date], key: First day of the month.
--   month_id: Number of the month.
--   submission_id: Id of the submission in the ledger.
--   audit_id: Number of the submission.
--   record_number: Number of the person in the month. Holds within one release.
