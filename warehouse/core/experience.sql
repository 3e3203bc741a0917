-- core.experience
-- Grain: one row per provider, service request, question and day: the answer as last submitted.
-- Answers come in a table of their own (SMI608) and as scores (IDS606, IDS607); the question's code is the same.
-- Engaged means that therapy was given, at any time: the McPin evaluation asked people who had it and who had not.
CREATE TABLE core.experience AS
WITH submitted AS (
    SELECT provider, ServiceRequestId AS service_request_id, QuestionCode AS question, AnswerDate AS answered_on,
        month, row_number, Answer AS answer, 1 AS preference
    FROM staged.SMI608
    UNION ALL
    SELECT s.provider, s.service_request_id, s.tool, s.scored_on, s.month, s.row_number, s.submitted_score,
        CASE s.source WHEN 'referral' THEN 2 ELSE 3 END
    FROM work.judged_score AS s
    INNER JOIN ref.survey_question AS q ON q.question = s.tool
    WHERE s.instrument IS NULL AND s.service_request_id IS NOT NULL AND s.scored_on IS NOT NULL
),
ranked AS (
    SELECT
        s.*,
        row_number() OVER (
            PARTITION BY provider, service_request_id, question, answered_on
            ORDER BY month DESC, preference, row_number DESC
        ) AS recency,
        count(*) OVER (PARTITION BY provider, service_request_id, question, answered_on) AS submitted_records
    FROM submitted AS s
)
SELECT
    p.referral_number, r.provider, r.service_request_id, p.pathway, r.question, r.answered_on, r.month AS last_month,
    r.submitted_records, r.answer,
    CASE WHEN p.treatment_contacts > 0 THEN 'engaged' WHEN p.treatment_contacts = 0 THEN 'not engaged' END
        AS engagement,
    coalesce(q.questionnaire = 'reason for stopping', false) AS is_reason, a.answer IS NOT NULL AS is_counted,
    coalesce(a.is_positive, false) AS is_positive, coalesce(a.is_negative, false) AS is_negative,
    coalesce(a.is_highest, false) AS is_highest, coalesce(a.is_lowest, false) AS is_lowest
FROM ranked AS r
LEFT JOIN core.pathway AS p ON p.provider = r.provider AND p.service_request_id = r.service_request_id
LEFT JOIN ref.survey_question AS q ON q.question = r.question
LEFT JOIN ref.survey_answer AS a ON a.question = r.question AND a.answer = r.answer
WHERE r.recency = 1
