-- mart.experience
-- Grain: one row per period, pathway, engagement ('all', engaged, not engaged) and question: England, and range.
-- The range covers services with 10 answers or more: below that, one answer moves a share by more than 10 points.
-- A merged provider is one service with its successor. It is NULL with fewer than three such services. It shows how much services differ, and names none.
CREATE TABLE mart.experience AS
WITH monthly AS (
    SELECT
        l.current_provider AS provider, s.month, e.question, e.pathway, e.engagement,
        count(*) AS answers, count(*) FILTER (WHERE e.is_positive) AS positive,
        count(*) FILTER (WHERE e.is_negative) AS negative, count(*) FILTER (WHERE e.is_highest) AS highest,
        count(*) FILTER (WHERE e.is_lowest) AS lowest
    FROM core.experience AS e
    INNER JOIN ref.provider_place AS l ON l.provider = e.provider
    INNER JOIN core.reported_month AS s
        ON s.provider = e.provider AND s.month = CAST(date_trunc('month', e.answered_on) AS DATE)
    WHERE e.is_counted AND e.pathway IS NOT NULL
    GROUP BY l.current_provider, s.month, e.question, e.pathway, e.engagement
),
counted AS (
    SELECT
        t.period_type, t.period_start, m.question,
        CASE WHEN grouping(m.pathway) = 1 THEN 'all' ELSE m.pathway END AS pathway,
        CASE WHEN grouping(m.engagement) = 1 THEN 'all' ELSE m.engagement END AS engagement,
        CASE WHEN grouping(m.provider) = 1 THEN 'ENG' ELSE m.provider END AS organisation,
        CAST(sum(m.answers) AS BIGINT) AS answers, CAST(sum(m.positive) AS BIGINT) AS positive,
        CAST(sum(m.negative) AS BIGINT) AS negative, CAST(sum(m.highest) AS BIGINT) AS highest,
        CAST(sum(m.lowest) AS BIGINT) AS lowest
    FROM monthly AS m
    INNER JOIN work.care_period AS t ON t.month = m.month
    GROUP BY
        t.period_type, t.period_start, m.question,
        GROUPING SETS ((m.pathway, m.engagement), (m.pathway), (m.engagement), ()),
        GROUPING SETS ((m.provider), ())
),
ranged AS (
    SELECT
        period_type, period_start, question, pathway, engagement, count(*) AS services,
        count(*) FILTER (WHERE answers >= 10) AS services_in_range,
        min(positive / answers) FILTER (WHERE answers >= 10) AS positive_least,
        max(positive / answers) FILTER (WHERE answers >= 10) AS positive_most,
        min(negative / answers) FILTER (WHERE answers >= 10) AS negative_least,
        max(negative / answers) FILTER (WHERE answers >= 10) AS negative_most,
        min(highest / answers) FILTER (WHERE answers >= 10) AS highest_least,
        max(highest / answers) FILTER (WHERE answers >= 10) AS highest_most,
        min(lowest / answers) FILTER (WHERE answers >= 10) AS lowest_least,
        max(lowest / answers) FILTER (WHERE answers >= 10) AS lowest_most
    FROM counted
    WHERE organisation <> 'ENG'
    GROUP BY period_type, period_start, question, pathway, engagement
)
SELECT
    'submitted' AS source, c.period_type, c.period_start, c.pathway, c.engagement, c.question, c.answers,
    c.positive, c.negative, c.highest, c.lowest, r.services, r.services_in_range,
    CASE WHEN r.services_in_range >= 3 THEN r.positive_least END AS positive_share_least,
    CASE WHEN r.services_in_range >= 3 THEN r.positive_most END AS positive_share_most,
    CASE WHEN r.services_in_range >= 3 THEN r.negative_least END AS negative_share_least,
    CASE WHEN r.services_in_range >= 3 THEN r.negative_most END AS negative_share_most,
    CASE WHEN r.services_in_range >= 3 THEN r.highest_least END AS highest_share_least,
    CASE WHEN r.services_in_range >= 3 THEN r.highest_most END AS highest_share_most,
    CASE WHEN r.services_in_range >= 3 THEN r.lowest_least END AS lowest_share_least,
    CASE WHEN r.services_in_range >= 3 THEN r.lowest_most END AS lowest_share_most
FROM counted AS c
INNER JOIN ranged AS r
    ON r.period_type = c.period_type AND r.period_start = c.period_start AND r.question = c.question
    AND r.pathway = c.pathway AND r.engagement = c.engagement
WHERE c.organisation = 'ENG'

-- Columns of mart.experience: One row per period, pathway, engagement and question about care: England's answers,
--     and how far services are apart.
--   source, key: submitted: from the submissions.
--   period_type, key: financial year, rolling 12 months, or all months.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or all.
--   engagement, key: engaged, not engaged, or all.
--   question, key: Code of the question (ref.survey_question).
--   answers: Answers that count.
--   positive: Positive answers.
--   negative: Negative answers.
--   highest: Answers at the top of the scale.
--   lowest: Answers at the bottom of the scale.
--   services: Services with an answer.
--   services_in_range: Services with 10 answers or more, which the range covers.
--   positive_share_least [share]: Lowest share of positive answers among services with 10 answers or more; NULL
--       with fewer than three of them.
--   positive_share_most [share]: Highest share of positive answers among services with 10 answers or more; NULL
--       with fewer than three of them.
--   negative_share_least [share]: Lowest share of negative answers among services with 10 answers or more; NULL
--       with fewer than three of them.
--   negative_share_most [share]: Highest share of negative answers among services with 10 answers or more; NULL
--       with fewer than three of them.
--   highest_share_least [share]: Lowest share of answers at the top among services with 10 answers or more; NULL
--       with fewer than three of them.
--   highest_share_most [share]: Highest share of answers at the top among services with 10 answers or more; NULL
--       with fewer than three of them.
--   lowest_share_least [share]: Lowest share of answers at the bottom among services with 10 answers or more;
--       NULL with fewer than three of them.
--   lowest_share_most [share]: Highest share of answers at the bottom among services with 10 answers or more;
--       NULL with fewer than three of them.
