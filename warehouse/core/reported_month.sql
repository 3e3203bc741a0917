-- core.reported_month
-- Grain: one row per provider and month that it has reported: itself, or a provider whose place it has taken.
-- A course that crosses a merger is the successor's from its first day (decision 0026). Its events before the merger
-- count in months that only the predecessor submitted. The successor's own submission goes before a predecessor's.
CREATE TABLE core.reported_month AS
WITH reported AS (
    SELECT provider, month, submission_id, provider AS submitted_by, 0 AS distance
    FROM core.submission
    UNION ALL
    SELECT u.successor, s.month, s.submission_id, s.provider, 1
    FROM core.submission AS s
    INNER JOIN staged.successor AS u ON u.provider = s.provider
),
ranked AS (
    SELECT r.*, row_number() OVER (PARTITION BY provider, month ORDER BY distance, submitted_by DESC) AS rank
    FROM reported AS r
)
SELECT provider, month, submission_id, submitted_by
FROM ranked
WHERE rank = 1

-- Columns of core.reported_month: One row per provider and month that it has reported, itself or through a provider
--     whose place it has taken: the months in which events count.
--   provider, key: ODS code of the provider.
--   month [month], key: First day of the month reported.
--   submission_id: Id of the current submission: the provider's own where there is one, else a predecessor's.
--   submitted_by: ODS code of the provider that submitted it.
