-- mart.submission_punctuality
-- Grain: one row per provider, as submitted, and month from its first submission to the last month of the data.
-- No submission is expected after a provider has closed or was taken over, or while the month's window is open.
-- current_provider places the row as every mart does, so that a merged provider's can be found with its successor's.
-- The day of the latest submission of any provider stands in for today. A submission sent anyway counts.
-- Nobody may say that a provider has stopped. After six months without one it counts as stopped from its last
-- submission on plus six months: those six are missing, later ones are not expected, until it submits again.
CREATE TABLE mart.submission_punctuality AS
WITH clock AS (
    SELECT max(received_on) AS latest FROM core.submission
),
window_of AS (
    SELECT month, max(deadline) AS deadline FROM core.submission GROUP BY month
),
ended AS (
    SELECT organisation, min(ended_on) AS ended_on
    FROM (
        SELECT organisation, closed_on AS ended_on FROM ref.organisation WHERE closed_on IS NOT NULL
        UNION ALL
        SELECT organisation, effective_on FROM ref.succession WHERE effective_on IS NOT NULL
    ) AS e
    GROUP BY organisation
),
judged AS (
    SELECT
        p.provider, l.current_provider, t.month, s.submission_id, s.received_on, coalesce(s.deadline, w.deadline) AS deadline, s.records,
        CASE
            WHEN s.is_late THEN 'late'
            WHEN NOT s.is_late THEN 'in time'
            WHEN s.submission_id IS NOT NULL THEN 'day not known'
            WHEN w.deadline >= c.latest THEN 'window open'
            ELSE 'missing'
        END AS state
    FROM core.provider AS p
    INNER JOIN ref.provider_place AS l ON l.provider = p.provider
    INNER JOIN ref.month AS t ON t.month >= p.first_month
    CROSS JOIN clock AS c
    LEFT JOIN core.submission AS s ON s.provider = p.provider AND s.month = t.month
    LEFT JOIN window_of AS w ON w.month = t.month
    LEFT JOIN ended AS e ON e.organisation = p.provider
    WHERE s.submission_id IS NOT NULL
        OR ((e.ended_on IS NULL OR t.month < e.ended_on) AND t.month <= p.last_month + INTERVAL 6 MONTH)
)
SELECT
    provider, current_provider, month, submission_id, received_on, deadline, records, state,
    -- Five calendar months, not the last five that were submitted: those would always be five.
    count(submission_id) OVER five AS submitted_of_last_5,
    sum(CASE WHEN state = 'window open' THEN 0 ELSE 1 END) OVER five AS expected_of_last_5,
    sum(CASE WHEN state = 'in time' THEN 1 ELSE 0 END) OVER five AS in_time_of_last_5
FROM judged
WINDOW five AS (
    PARTITION BY provider ORDER BY month RANGE BETWEEN INTERVAL 4 MONTH PRECEDING AND CURRENT ROW
)

-- Columns of mart.submission_punctuality: Submissions by month, with dates: one row per provider, as submitted,
--     and month from its first submission to the last month of the data, but none after it has closed or has sent
--     nothing for six months.
--   provider, key: ODS code of the provider that submits, as submitted.
--   current_provider: ODS code of the provider that has taken its place (ref.provider_place); itself where none has.
--   month [month], key: First day of the month.
--   submission_id: Id of the current submission; NULL when there is none.
--   received_on [date]: Day in England on which it was received.
--   deadline [date]: Last day on which the month could be submitted in time; NULL when no provider has submitted
--       the month.
--   records [rows]: Rows accepted.
--   state: in time; late; day not known; missing; window open (not submitted, but the deadline had not
--       passed on the day of the latest submission of any provider).
--   submitted_of_last_5 [months]: Months submitted of the five calendar months up to this one.
--   expected_of_last_5 [months]: Months of those five that were expected.
--   in_time_of_last_5 [months]: Months of those five that were submitted in time.
