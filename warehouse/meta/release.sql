-- meta.release
-- Grain: one row per release in the line of this one, itself last. Empty in a draft: filled when it is published.
CREATE OR REPLACE TABLE meta.release AS
SELECT
    CAST(NULL AS VARCHAR) AS release_id, CAST(NULL AS INTEGER) AS position, CAST(NULL AS VARCHAR) AS version,
    CAST(NULL AS VARCHAR) AS version_because, CAST(NULL AS TIMESTAMP) AS published_at,
    CAST(NULL AS VARCHAR) AS predecessor, CAST(NULL AS BOOLEAN) AS begins_revisions, CAST(NULL AS DATE) AS first_month,
    CAST(NULL AS DATE) AS last_month, CAST(NULL AS BIGINT) AS submissions
WHERE false

-- Columns of meta.release: One row per release in the line of this one: each is the predecessor of the next, and this
--     one is the last.
--   release_id, key: Name of the release.
--   position: Place among all releases in the order in which they were first published, from 1.
--   version: Major.minor.patch: major when a promised view (v1) lost or changed something or a measure was removed,
--       minor when something was added, described or defined anew, patch when only figures changed. NULL for releases
--       of Parity 0.6 and earlier.
--   version_because: What made it this version.
--   published_at [UTC]: When it was published; NULL where not known.
--   predecessor: The release that was current when this one was published; NULL for the first.
--   begins_revisions: Whether meta.revision begins anew with it: the first release, one whose predecessor could not be
--       compared, and one after an erasure.
--   first_month [month]: First day of the first month submitted by anyone.
--   last_month [month]: First day of the last month submitted by anyone.
--   submissions: Number of current submissions.
