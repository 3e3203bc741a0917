-- meta.build
-- Grain: exactly one row: what this file was built from. release_id, inputs_hash and code_version are set on
-- publishing.
CREATE TABLE meta.build AS
SELECT
    CAST(NULL AS VARCHAR) AS release_id, CAST(NULL AS VARCHAR) AS inputs_hash,
    CAST(NULL AS VARCHAR) AS code_version, CAST(NULL AS VARCHAR) AS built_with, count(*) AS submissions,
    count(DISTINCT provider) AS providers, min(month) AS first_month, max(month) AS last_month,
    CAST(coalesce(sum(records), 0) AS BIGINT) AS records
FROM core.submission

-- Columns of meta.build: One row: what this file was built from.
--   release_id: Id of the release; NULL in a draft.
--   inputs_hash: SHA-256 over the current submissions and the published statistics; NULL in a draft.
--   code_version: Version of the code that built it; NULL in a draft.
--   built_with: Code and reference data of the draft: with the same, only providers with new submissions are
--       built again.
--   submissions: Number of current submissions.
--   providers: Providers with a current submission.
--   first_month [month]: First day of the first month submitted by anyone.
--   last_month [month]: First day of the last month submitted by anyone.
--   records [rows]: Rows accepted.
