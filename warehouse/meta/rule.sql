-- meta.rule
-- Grain: one row per rule that submissions are checked against, in force or retired. Empty in a draft: filled when it is
-- published.
CREATE OR REPLACE TABLE meta.rule AS
SELECT
    CAST(NULL AS VARCHAR) AS rule, CAST(NULL AS BOOLEAN) AS is_retired, CAST(NULL AS VARCHAR) AS since,
    CAST(NULL AS VARCHAR) AS until, CAST(NULL AS VARCHAR) AS level, CAST(NULL AS VARCHAR) AS effect,
    CAST(NULL AS VARCHAR) AS dimension, CAST(NULL AS VARCHAR) AS table_id, CAST(NULL AS VARCHAR) AS elements,
    CAST(NULL AS VARCHAR) AS message, CAST(NULL AS VARCHAR) AS what_to_do, CAST(NULL AS VARCHAR) AS why,
    CAST(NULL AS VARCHAR) AS national_rules, CAST(NULL AS BIGINT) AS submissions, CAST(NULL AS BIGINT) AS findings,
    CAST(NULL AS BIGINT) AS records_rejected
WHERE false

-- Columns of meta.rule: One row per rule that submissions are checked against, as it was when this release was published.
--   rule, key: Id of the rule, as in the reports to sites. It is never used again.
--   is_retired: Whether it is no longer in force. Then only its id and its counts are there.
--   since: First version of the dataset that has its table and elements; where one element replaces another, one of
--       them.
--   until: Last version of the dataset that has them; NULL where the newest one does.
--   level: What it looks at: file, header, group of records, or record.
--   effect: What a finding leads to: file rejected, group rejected, record rejected, severe warning, warning,
--       experimental (reported, not applied yet) or note (what was read as what).
--   dimension: Kind of data quality: conformance, completeness or plausibility.
--   table_id: Table of the dataset; NULL for a rule about files.
--   elements: Its elements of that table, separated by blanks; NULL where it is about the table or the file.
--   message: What the report says, with «…» where it shows the value found.
--   what_to_do: How a file is corrected. Codes are those of the last month of this release.
--   why: What the fault does to the figures.
--   national_rules: Rules of the Mental Health Services Data Set (version 6.0) that look for the same fault, separated by
--       blanks; NULL where none is known. Their effect may be another one.
--   submissions: Submissions of this release in which it found something (meta.rule_finding).
--   findings: What it found in them: one per record, or one per file for a rule about files.
--   records_rejected [rows]: Records of them that it rejected; 0 for a warning. A record that several rules reject is
--       counted for each of them.
