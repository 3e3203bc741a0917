-- core.provider
-- Grain: one row per provider with a current submission.
CREATE TABLE core.provider AS
WITH succeeded AS (
    SELECT provider, string_agg(successor, ' ' ORDER BY place) AS successors
    FROM staged.successor
    GROUP BY provider
)
SELECT
    s.provider, coalesce(o.name, s.provider) AS provider_name, min(s.month) AS first_month,
    max(s.month) AS last_month, count(*) AS submissions, max(u.successors) AS successors
FROM core.submission AS s
LEFT JOIN succeeded AS u ON u.provider = s.provider
LEFT JOIN ref.organisation AS o ON o.organisation = s.provider
GROUP BY s.provider, coalesce(o.name, s.provider)

-- Columns of core.provider: One row per provider with a current submission.
--   provider, key: ODS code of the provider.
--   provider_name: Name of the provider; its code where no name is known.
--   first_month [month]: First day of the first month with a current submission.
--   last_month [month]: First day of the last month with a current submission.
--   submissions: Number of current submissions.
--   successors: ODS codes of the providers of this file that have taken its place by the end of the last month, in
--       order, separated by blanks; NULL where none has. Courses that cross the merger are theirs (decision 0026).
