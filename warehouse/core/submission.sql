-- core.submission
-- Grain: one row per current submission: one provider, one month. records counts its rows in all tables.
-- On time until the end of the deadline day. A later correction replaces the earlier submission and is late.
CREATE TABLE core.submission AS
SELECT
    w.submission_id, w.provider, w.month, CAST(coalesce(sum(c.records), 0) AS BIGINT) AS records,
    w.received_on, w.deadline, w.received_on > w.deadline AS is_late, w.made_with
FROM staged.current_submission AS w
LEFT JOIN staged.row_count AS c ON c.submission_id = w.submission_id
GROUP BY w.submission_id, w.provider, w.month, w.received_on, w.deadline, w.made_with

-- Columns of core.submission: One row per current submission: one provider, one month.
--   submission_id, key: Id of the current submission in the ledger.
--   provider: ODS code of the provider.
--   month [month]: First day of the month reported.
--   records [rows]: Rows accepted.
--   received_on [date]: Day in England on which this submission was received; NULL where not known.
--   deadline [date]: Last day on which the month could be submitted in time.
--   is_late: Whether the submission that counts came after the deadline; an earlier one that it replaced may have
--       been in time. NULL where the day is not known.
--   made_with: Version of the code that made its rows, and fingerprint of the key of their tokens; NULL where not known.
