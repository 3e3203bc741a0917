-- core.provider
-- Grain: one row per provider with a current submission.
CREATE TABLE core.provider AS
SELECT
    s.provider, coalesce(o.name, s.provider) AS provider_name, min(s.month) AS first_month,
    max(s.month) AS last_month, count(*) AS submissions
FROM core.submission AS s
LEFT JOIN ref.organisation AS o ON o.organisation = s.provider
GROUP BY s.provider, coalesce(o.name, s.provider)

-- Columns of core.provider: One row per provider with a current submission.
--   provider, key: ODS code of the provider.
--   provider_name: Name of the provider; its code where no name is known.
--   first_month [month]: First day of the first month with a current submission.
--   last_month [month]: First day of the last month with a current submission.
--   submissions: Number of current submissions.
