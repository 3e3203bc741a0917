-- meta.submission_change
-- Grain: one row per provider and month whose file differs from the release before. Empty in a draft.
CREATE OR REPLACE TABLE meta.submission_change AS
SELECT
    CAST(NULL AS VARCHAR) AS provider, CAST(NULL AS DATE) AS month, CAST(NULL AS VARCHAR) AS cause,
    CAST(NULL AS VARCHAR) AS submission_before, CAST(NULL AS VARCHAR) AS submission_after,
    CAST(NULL AS BIGINT) AS records_before, CAST(NULL AS BIGINT) AS records_after,
    CAST(NULL AS VARCHAR) AS rules_before, CAST(NULL AS VARCHAR) AS rules_after
WHERE false

-- Columns of meta.submission_change: What this release is made of and its predecessor was not: one row per provider
--     and month whose file differs.
--   provider, key: ODS code of the provider, as submitted.
--   month [month], key: First day of the month.
--   cause: new month, late data, resubmission, withdrawal, rule version, erasure; several joined by «and».
--   submission_before: Id of the submission that counted in the predecessor; NULL where none did.
--   submission_after: Id of the submission that counts in this release; NULL where none does.
--   records_before [rows]: Rows accepted of the one before; NULL where there was none, and after an erasure.
--   records_after [rows]: Rows accepted of the one that counts now; NULL where there is none, and after an erasure.
--   rules_before: Version of the rules by which the rows of the one before were made.
--   rules_after: Version of the rules by which the rows of the one that counts now were made.
