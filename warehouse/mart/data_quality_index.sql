-- mart.data_quality_index
-- Grain: one row per level (England, provider), organisation, and month or rolling year with months expected.
-- NHS England's Data Quality Maturity Index of this dataset: mean score of its items times coverage. Coverage is months
-- submitted of months expected: without a submission it is 0, and so is the index. Items are those required
-- (mart.item_quality), not the national selection for Talking Therapies, so that values differ from published ones.
CREATE VIEW mart.data_quality_index AS
WITH scored AS (
    SELECT organisation, period_type, period_start, count(*) AS items, sum(score) AS scores
    FROM mart.item_quality
    GROUP BY organisation, period_type, period_start
)
SELECT
    q.level, q.organisation, q.period_type, q.period_start, q.numerator AS months_submitted,
    q.denominator AS months_expected, q.numerator / q.denominator AS coverage, coalesce(s.items, 0) AS items,
    s.scores / s.items AS item_score,
    CASE WHEN q.numerator = 0 THEN 0.0
        ELSE mart.dqmi(s.scores, s.items * q.numerator / q.denominator, s.items) END AS dqmi
FROM mart.quality_count AS q
LEFT JOIN scored AS s
    ON s.organisation = q.organisation AND s.period_type = q.period_type AND s.period_start = q.period_start
WHERE q.measure = 'submission.month.complete' AND q.denominator > 0

-- Columns of mart.data_quality_index: Data Quality Maturity Index (DQMI) of this dataset: one row per organisation and
--     period.
--   level, key: England or provider.
--   organisation, key: ODS code of the provider as it is today; ENG: England.
--   period_type, key: month or rolling 12 months.
--   period_start [date], key: First day of the period.
--   months_submitted [months]: Months submitted, over all providers behind the organisation.
--   months_expected [months]: Months expected of them (mart.submission_punctuality).
--   coverage [share]: months_submitted of months_expected.
--   items: Required elements with records.
--   item_score [share]: Mean score of these (mart.item_quality).
--   dqmi [percent]: item_score times coverage, in per cent; 0 where nothing was submitted, NULL where nothing that was
--       submitted could be scored.
