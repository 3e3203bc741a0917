-- v1.submission
-- Grain: one row per provider, as submitted, and month that was expected or submitted.
CREATE OR REPLACE VIEW v1.submission AS
SELECT
    q.provider, p.provider_name, q.current_provider, q.month, q.state, q.submission_id, q.received_on, q.deadline,
    q.records
FROM mart.submission_punctuality AS q
INNER JOIN core.provider AS p ON p.provider = q.provider

-- Columns of v1.submission: One row per provider and month: which submissions these figures contain, and which they
--     lack.
--   provider, key: ODS code of the provider that submits.
--   provider_name: Name of the provider.
--   current_provider: ODS code of the provider that has taken its place; itself where none has.
--   month [month], key: First day of the month.
--   state: in time; late; day not known; missing; window open (not submitted, but the deadline had not passed).
--   submission_id: Id of the submission that counts; NULL when there is none.
--   received_on [date]: Day in England on which it was received.
--   deadline [date]: Last day on which the month could be submitted in time; NULL when no provider has submitted the
--       month.
--   records [rows]: Rows accepted.
