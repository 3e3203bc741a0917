-- public.breakdown_group
-- Grain: one row per breakdown and group: the only names of groups that schema public has.
-- They come from our own reference data. What a service can type (a programme) is counted in 'other':
-- it may be a name or an NHS number.
CREATE TABLE public.breakdown_group AS
WITH therapy AS (
    SELECT code, max(meaning) AS name FROM ref.code WHERE code_list = 'therapy_type' GROUP BY code
),
coded AS (
    SELECT breakdown, breakdown_group, group_name FROM mart.breakdown_group
    UNION ALL
    SELECT 'instrument', instrument, name FROM ref.instrument
    UNION ALL
    SELECT 'domain', domain, domain FROM (SELECT DISTINCT domain FROM ref.instrument)
    UNION ALL
    SELECT 'question', question, title FROM ref.survey_question
    UNION ALL
    SELECT 'preferred_language', lower(language), name FROM ref.language
    UNION ALL
    SELECT unnest(['therapy', 'activity_therapy', 'unique_therapy']), code, name FROM therapy
    UNION ALL
    SELECT 'unique_therapy', 'IET', 'Internet-enabled therapy'
    UNION ALL
    SELECT 'phq9_points', CAST(range AS VARCHAR), CAST(range AS VARCHAR) FROM range(28)
    UNION ALL
    SELECT 'gad7_points', CAST(range AS VARCHAR), CAST(range AS VARCHAR) FROM range(22)
    UNION ALL
    SELECT breakdown, unnest(['not known', 'none', 'more than one', 'no log', 'other']),
        unnest(['Not known', 'None', 'More than one', 'No log', 'Any other'])
    FROM mart.breakdown
)
SELECT breakdown, breakdown_group, max(group_name) AS group_name
FROM coded
WHERE breakdown_group IS NOT NULL
GROUP BY breakdown, breakdown_group

-- Columns of public.breakdown_group: One row per breakdown and group: the groups that public.breakdown_measure may
--     have, from our own reference data.
--   breakdown, key: What the groups are of: gender, age, ethnicity …
--   breakdown_group, key: Code of the group; other: any group that is not listed here.
--   group_name: Name of the group.
