-- v1.outcome
-- Grain: one row per provider, service request and instrument. One row of care each: not for publication.
CREATE OR REPLACE VIEW v1.outcome AS
SELECT
    o.provider, CAST(o.service_request_id AS VARCHAR) AS service_request_id, o.instrument, i.name AS instrument_name,
    i.domain, o.pathway, o.scores, o.first_score, o.first_on, o.last_score, o.last_on, o.is_paired, o.gain,
    o.reliable_change, o.is_case_first, o.is_case_last, o.is_in_recovery_last, o.is_in_battery
FROM core.outcome AS o
INNER JOIN ref.instrument AS i ON i.instrument = o.instrument

-- Columns of v1.outcome: One row per referral and instrument with a score that counts: first score, last score and
--     change. Pseudonymised records: not for publication.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id (v1.referral).
--   instrument, key: Short id of the instrument.
--   instrument_name: Name of the instrument.
--   domain: What the instrument measures.
--   pathway: Pathway code of the referral.
--   scores: Days with a score that counts.
--   first_score [points]: Score of the first day.
--   first_on [date]: Day of the first score.
--   last_score [points]: Score of the last day; NULL unless there are two days.
--   last_on [date]: Day of the last score; NULL unless there are two days.
--   is_paired: Whether there is a first and a later score.
--   gain [points]: Change in the good direction of the scale: positive is better. NULL unless paired.
--   reliable_change: improved, deteriorated, no change, unpaired; no threshold when none is published.
--   is_case_first: Whether the first score is beyond the cut-off; NULL without a cut-off.
--   is_case_last: Whether the last score is beyond the cut-off; NULL without a cut-off or unpaired.
--   is_in_recovery_last: Whether the last score meets the recovery cut-off; NULL without a cut-off or unpaired.
--   is_in_battery: Whether the instrument belongs to the measures of the pathway.
