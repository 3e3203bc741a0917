-- core.field_count
-- Grain: one row per provider, month, table and element, of the tables of which the current submission has rows.
-- Rejected records are left out: the table shows the quality of the rows that figures use.
-- An element that the submission's dataset version does not have is not expected.
CREATE TABLE core.field_count AS
WITH version AS (
    SELECT provider, month, min(DatSetVer) AS version
    FROM staged.IDS000
    WHERE DatSetVer IN (SELECT version FROM work.element_asked)
    GROUP BY provider, month
),
-- Whether a score is valid depends on its instrument; for an unknown instrument it is unknown.
scored AS (
    SELECT
        submitted_by AS provider, month, CASE source WHEN 'referral' THEN 'IDS606' ELSE 'IDS607' END AS table_id,
        sum(CASE WHEN is_valid OR instrument IS NULL THEN 1 ELSE 0 END) AS valid
    FROM work.judged_score
    WHERE submitted_score IS NOT NULL
    GROUP BY submitted_by, month, source
),
judged AS (
    SELECT t.*, v.version IS NULL OR a.element IS NOT NULL AS is_asked, s.valid AS valid_scores
    FROM work.field_summary AS t
    LEFT JOIN version AS v ON v.provider = t.provider AND v.month = t.month
    LEFT JOIN work.element_asked AS a
        ON a.version = v.version AND a.table_id = t.table_id AND a.element = t.element
    LEFT JOIN scored AS s
        ON s.provider = t.provider AND s.month = t.month AND s.table_id = t.table_id AND t.element = 'PersScore'
)
SELECT
    provider, month, table_id, element, records,
    CASE WHEN is_asked THEN expected ELSE 0 END AS expected,
    CASE WHEN is_asked THEN complete ELSE 0 END AS complete,
    filled,
    CASE WHEN element = 'PersScore' THEN CAST(coalesce(valid_scores, 0) AS BIGINT) ELSE valid END AS valid,
    CASE WHEN is_asked THEN not_known WHEN not_known IS NOT NULL THEN 0 END AS not_known,
    CASE WHEN is_asked THEN not_applicable WHEN not_applicable IS NOT NULL THEN 0 END AS not_applicable,
    CASE WHEN NOT is_asked THEN 0 WHEN element = 'PersScore' THEN CAST(complete - coalesce(valid_scores, 0) AS BIGINT)
        ELSE invalid END AS invalid,
    at_midnight, on_the_hour, first_of_month
FROM judged

-- Columns of core.field_count: How complete and valid each element is in the rows of the current submission that
--     were accepted; rejected rows are not in it. One row per provider, month, table and element, for tables with
--     rows.
--   provider, key: ODS code of the provider.
--   month [month], key: First day of the month reported.
--   table_id, key: Table of the dataset, such as IDS201.
--   element, key: Element of the dataset; for an identifier, the column that replaces it.
--   records [rows]: Rows of the table.
--   expected [rows]: Rows that should have a value (mart.quality_item says which); 0 where the submission's
--       version of the dataset does not ask for it.
--   complete [rows]: Rows expected to have a value that have one.
--   filled [rows]: Rows with a value, expected or not.
--   valid [rows]: Rows whose value is in the element's code list in that month, or within its bounds; of scores,
--       valid for the instrument. NULL if a wrong value cannot arrive or cannot be recognised.
--   not_known [rows]: Rows expected to have a value whose value is a code for not known, not stated or not
--       recorded. NULL where there is no such code.
--   not_applicable [rows]: Rows expected to have a value whose value is a code for not applicable. NULL where there
--       is no such code.
--   invalid [rows]: Rows expected to have a value whose value is not valid.
--   at_midnight [rows]: Rows whose time is 00:00:00; NULL if the element is no time.
--   on_the_hour [rows]: Rows whose time is a full hour; NULL if the element is no time.
--   first_of_month [rows]: Rows whose date is the first of a month; NULL if the element is no date.
