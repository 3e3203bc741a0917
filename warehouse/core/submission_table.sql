-- core.submission_table
-- Grain: one row per current submission and table it sent rows of.
CREATE TABLE core.submission_table AS
SELECT submission_id, provider, month, table_id, records
FROM staged.row_count
