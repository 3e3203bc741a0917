-- meta.rule_finding
-- Grain: one row per provider and month of this release, and rule that found something in its submission. Empty in a
-- draft: filled when it is published.
CREATE OR REPLACE TABLE meta.rule_finding AS
SELECT
    CAST(NULL AS VARCHAR) AS provider, CAST(NULL AS DATE) AS month, CAST(NULL AS VARCHAR) AS rule,
    CAST(NULL AS VARCHAR) AS submission_id, CAST(NULL AS BIGINT) AS findings, CAST(NULL AS BIGINT) AS records_rejected
WHERE false

-- Columns of meta.rule_finding: What each rule found in the submissions of this release: one row per provider, month and
--     rule that found something. Counts only, no value.
--   provider, key: ODS code of the provider, as submitted.
--   month [month], key: First day of the month.
--   rule, key: Id of the rule (meta.rule).
--   submission_id: The submission that counts for the month.
--   findings: What it found: one per record, or one per file for a rule about files.
--   records_rejected [rows]: Records that it rejected; 0 for a warning. A record that several rules reject is counted for
--       each of them.
