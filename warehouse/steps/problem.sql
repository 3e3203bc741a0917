-- work.problem
-- Grain: one row per presenting complaint: its problem descriptor. The longest prefix that fits decides.
CREATE TABLE work.problem AS
SELECT c.complaint, coalesce(arg_max(g.group_code, length(g.code)), 'other recorded problem') AS problem
FROM (SELECT DISTINCT complaint FROM core.pathway WHERE complaint IS NOT NULL) AS c
LEFT JOIN ref.code_group AS g ON g.concept = 'problem_descriptor' AND starts_with(c.complaint, g.code)
GROUP BY c.complaint
