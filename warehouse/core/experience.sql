-- core.experience
-- Grain: one row per provider, service request, question and day: the answer as last submitted.
-- Answers come in a table of their own (SMI608) and as scores (IDS606, IDS607); the question's code is the same.
-- Engaged means that therapy was given, at any time: the McPin evaluation asked people who had it and who had
-- not.
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
        ) AS rank,
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
WHERE r.rank = 1

-- Columns of core.experience: One row per service request, question and day: an answer about care (SMI608, IDS606
--     or IDS607), as last submitted.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   pathway: Pathway code (ref.pathway) of the referral; NULL where the referral was not accepted.
--   question, key: Code or short name of the question (ref.survey_question).
--   answered_on [date], key: Day of the answer.
--   last_month [month]: First day of the latest month that carries it.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   answer: Answer as submitted: text, as not every answer is a number.
--   engagement: engaged (at least one treatment contact, at any time) or not engaged; NULL where the referral was
--       not accepted.
--   is_reason: Whether the question names a reason for not continuing.
--   is_counted: Whether the answer is one of the question's scale: not applicable, not stated and wrong answers
--       are not.
--   is_positive: Whether it is positive: 3 or 4 of 0 to 4, or yes; never for a reason.
--   is_negative: Whether it is negative: 0 or 1 of 0 to 4, or no; never for a reason.
--   is_highest: Whether it is the top of the scale: 4 of 0 to 4, or yes.
--   is_lowest: Whether it is the bottom of the scale: 0 of 0 to 4, or no.
