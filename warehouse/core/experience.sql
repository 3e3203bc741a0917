-- core.experience
-- Grain: one row per provider, service request, question and day: the answer as last submitted.
CREATE TABLE core.experience AS
WITH ranked AS (
    SELECT
        provider, ServiceRequestId, QuestionCode, AnswerDate, month, Answer,
        row_number() OVER (
            PARTITION BY provider, ServiceRequestId, QuestionCode, AnswerDate
            ORDER BY month DESC, row_number DESC
        ) AS recency,
        count(*) OVER (PARTITION BY provider, ServiceRequestId, QuestionCode, AnswerDate) AS submitted_records
    FROM staged.SMI608
)
SELECT
    provider, ServiceRequestId AS service_request_id, QuestionCode AS question, AnswerDate AS answered_on,
    month AS last_month, submitted_records, Answer AS answer
FROM ranked
WHERE recency = 1
