-- mart.missing_submission
-- Grain: one row per provider, as submitted, and month that no figure contains: expected, but without a submission.
CREATE VIEW mart.missing_submission AS
SELECT
    q.provider, l.current_provider, q.month, q.state, p.first_month AS first_month_submitted,
    p.last_month AS last_month_submitted, p.last_month > q.month AS is_gap
FROM mart.submission_punctuality AS q
INNER JOIN ref.provider_place AS l ON l.provider = q.provider
INNER JOIN core.provider AS p ON p.provider = q.provider
WHERE q.submission_id IS NULL

-- Columns of mart.missing_submission: Which provider-months England lacks: expected (from the provider's first
--     submission until it closed, was taken over, or had sent nothing for six months), but not submitted. A provider
--     that has never submitted is not known here.
--   provider, key: ODS code of the provider.
--   current_provider: ODS code of the provider in whose figures the month is missing.
--   month [month], key: First day of the month that is missing.
--   state: missing; window open (its deadline had not passed on the day of the latest submission of any provider).
--   first_month_submitted [month]: First month the provider has submitted.
--   last_month_submitted [month]: Last month the provider has submitted.
--   is_gap: Whether the provider has submitted a later month.
