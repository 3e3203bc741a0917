-- core.submission_table
-- Grain: one row per current submission and table it sent rows of.
CREATE TABLE core.submission_table AS
SELECT submission_id, provider, month, table_id, records
FROM staged.row_count

-- Columns of core.submission_table: One row per current submission and table it sent rows of.
--   submission_id, key: Id of the current submission in the ledger.
--   provider: ODS code of the provider.
--   month [month]: First day of the month reported.
--   table_id, key: Table of the dataset, such as IDS201.
--   records [rows]: Rows accepted.
