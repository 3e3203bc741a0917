-- work.process_change
-- Grain: one row per provider ('all'), pathway and measure (NULL: every one), month and reason: from that month a
-- control chart starts anew. Those of the reference file, and mergers, which follow from the successions.
-- A merger has two organisations or more that had submitted before: one that got another code is not merged.
CREATE TABLE work.process_change AS
WITH member AS (
    SELECT successor, effective_on, organisation AS provider FROM ref.succession
    UNION
    SELECT successor, effective_on, successor FROM ref.succession
),
merged AS (
    SELECT
        min(p.current_provider) AS provider, CAST(date_trunc('month', m.effective_on) AS DATE) AS month,
        'merger of ' || string_agg(DISTINCT m.provider, ', ' ORDER BY m.provider) AS reason
    FROM member AS m
    INNER JOIN ref.provider_place AS p ON p.provider = m.provider
    WHERE EXISTS (
        FROM core.submission AS s WHERE s.provider = m.provider AND s.month < date_trunc('month', m.effective_on)
    )
    GROUP BY m.successor, m.effective_on
    HAVING count(*) > 1 AND count(DISTINCT p.current_provider) = 1
)
SELECT provider, month, pathway, measure, reason FROM ref.process_change
UNION ALL
SELECT provider, month, NULL, NULL, reason FROM merged
