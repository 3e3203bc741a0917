-- core.score
-- Grain: one row per submitted score (606 referral, 607 activity), whether or not it counts (work.counted_score).
CREATE VIEW core.score AS
SELECT
    j.referral_number, j.provider, j.submitted_by, j.source, j.month, j.row_number, j.service_request_id,
    j.care_activity_id, j.tool, j.instrument, j.submitted_score, j.score, j.scored_on, j.scored_at, j.timepoint,
    j.is_valid, j.is_follow_up, j.is_in_episode, o.score_number IS NOT NULL AS is_counted, o.score_order
FROM work.judged_score AS j
LEFT JOIN work.counted_score AS o ON o.score_number = j.score_number

-- Columns of core.score: One row per submitted score (IDS606 and IDS607), whether or not it counts.
--   provider, key: ODS code of the provider.
--   submitted_by, key: ODS code of the provider that sent the score: itself, or one whose place it has taken.
--   source, key: referral (IDS606) or activity (IDS607).
--   month [month], key: First day of the month whose submission carries the score.
--   row_number, key: Row of the submitted file, header row being 1; unique with submitted_by and month.
--   service_request_id: Pseudonym of the provider's referral id.
--   care_activity_id: Pseudonym of the provider's care activity id; NULL for a score of the referral.
--   tool: Code of the assessment tool as submitted.
--   instrument: Short id of the instrument (ref.instrument); NULL for a code not in the catalogue.
--   submitted_score: Score as submitted: text, as not every score is a number.
--   score [points]: Score as a number; NULL when it is none.
--   scored_on [date]: Day of the score; for IDS607 the day of the contact.
--   scored_at [HH:MM:SS]: Time of the score as submitted; for IDS607 that of the contact.
--   timepoint: Timepoint code: 01 baseline, 02 sessional, 03 periodic, 04 end, 05 follow-up.
--   is_valid: Whether the score is a number in the range of its instrument, with no more decimals than it has.
--   is_follow_up: Whether it belongs to a follow-up after treatment: timepoint 05, or no timepoint and a day with
--       follow-up contacts only.
--   is_in_episode: Whether it was taken from referral to discharge.
--   is_counted: Whether it counts: valid, in the episode, no follow-up, and the last recorded of its day.
--   score_order: Number of the day among the counted scores of service request and instrument, from 1; else NULL.
