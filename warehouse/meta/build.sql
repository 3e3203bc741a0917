-- meta.build
-- Grain: exactly one row: what this file was built from. release_id, inputs_hash and code_version are set on publishing.
CREATE TABLE meta.build AS
SELECT
    CAST(NULL AS VARCHAR) AS release_id, CAST(NULL AS VARCHAR) AS inputs_hash,
    CAST(NULL AS VARCHAR) AS code_version, CAST(NULL AS VARCHAR) AS built_with, count(*) AS submissions,
    count(DISTINCT provider) AS providers, min(month) AS first_month, max(month) AS last_month,
    CAST(coalesce(sum(records), 0) AS BIGINT) AS records
FROM core.submission
