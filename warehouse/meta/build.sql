-- meta.build
-- Grain: exactly one row: what this file was built from. Each step of a build sets what it read; release_id and
-- inputs_hash are set on publishing.
CREATE TABLE meta.build AS
SELECT
    CAST(NULL AS VARCHAR) AS release_id, CAST(NULL AS VARCHAR) AS inputs_hash,
    CAST(NULL AS VARCHAR) AS code_version, CAST(NULL AS VARCHAR) AS built_with,
    CAST(NULL AS VARCHAR) AS reference_data, CAST(NULL AS VARCHAR) AS published_statistics,
    CAST(NULL AS VARCHAR) AS protected_with, count(*) AS submissions,
    count(DISTINCT provider) AS providers, min(month) AS first_month, max(month) AS last_month,
    CAST(coalesce(sum(records), 0) AS BIGINT) AS records
FROM core.submission

-- Columns of meta.build: One row: what this file was built from.
--   release_id: Id of the release; NULL in a draft.
--   inputs_hash: SHA-256 over the submissions in this file and the three hashes below; NULL in a draft.
--   code_version: Version of the code that built it.
--   built_with: Code and reference data of the draft: with the same, only providers with new submissions are
--       built again.
--   reference_data: SHA-256 over the imported reference files; NULL where there are none.
--   published_statistics: SHA-256 over the list of imported published statistics; NULL where there are none.
--   protected_with: Fingerprint of the secret that decides the random errors of public figures.
--   submissions: Number of current submissions.
--   providers: Providers with a current submission.
--   first_month [month]: First day of the first month submitted by anyone.
--   last_month [month]: First day of the last month submitted by anyone.
--   records [rows]: Rows accepted.
