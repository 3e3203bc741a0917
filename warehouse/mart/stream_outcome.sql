-- mart.stream_outcome
-- Grain: one row per level, organisation, period of referral, pathway, outcome and denominator.
-- Bounds that need no assumption (Manski 2003): what is not known of a person can be anything. all_badly counts
-- everybody not measured as not well, all_well as well; each can be true, so no narrower bound is right.
-- Of finished courses it is not known how those without paired scores did; of the others, how anybody did.
CREATE VIEW mart.stream_outcome AS
WITH judged AS (
    SELECT
        s.source, s.level, s.organisation, s.period_type, s.period_start,
        CASE WHEN grouping(s.pathway) = 1 THEN 'all' ELSE s.pathway END AS pathway, o.measure, m.standard,
        o.is_recovery, CAST(sum(o.well) AS BIGINT) AS well, CAST(sum(o.measured) AS BIGINT) AS measured,
        CAST(sum(o.base) AS BIGINT) AS base, CAST(sum(s.finished) AS BIGINT) AS finished,
        CAST(sum(s.started) AS BIGINT) AS started, CAST(sum(s.referred) AS BIGINT) AS referred,
        CAST(sum(s.still_open) AS BIGINT) AS still_open
    FROM mart.stream AS s
    CROSS JOIN LATERAL (VALUES
        ('RECOVERY', true, s.recovered, s.paired_at_caseness, s.recoverable),
        ('REQOL_RECOVERY', true, s.recovered, s.paired_at_caseness, s.recoverable),
        ('RELIABLE_RECOVERY', true, s.reliably_recovered, s.paired_at_caseness, s.recoverable),
        ('RELIABLE_IMPROVEMENT', false, s.improved, s.paired, s.finished),
        ('SMI_IMPROVEMENT', false, s.improved, s.paired, s.finished)
    ) AS o(measure, is_recovery, well, measured, base)
    INNER JOIN mart.measure AS m
        ON m.measure = o.measure AND list_contains(string_split(m.pathways, ' '), s.pathway)
    GROUP BY GROUPING SETS (
        (s.source, s.level, s.organisation, s.period_type, s.period_start, o.measure, m.standard, o.is_recovery,
            s.pathway),
        (s.source, s.level, s.organisation, s.period_type, s.period_start, o.measure, m.standard, o.is_recovery)
    )
),
shared AS (
    SELECT
        j.source, j.level, j.organisation, j.period_type, j.period_start, j.pathway, j.measure, d.denominator_is,
        j.well, d.denominator, d.not_measured, j.still_open * 20 <= j.referred AS is_complete,
        -- The standards are of the published denominators.
        CASE WHEN d.denominator_is = CASE WHEN j.is_recovery THEN 'finished at caseness' ELSE 'finished' END
            THEN j.standard END AS standard
    FROM judged AS j
    CROSS JOIN LATERAL (VALUES
        ('paired', j.measured, 0, true),
        ('finished at caseness', j.base, j.base - j.measured, j.is_recovery),
        ('finished', j.finished, j.base - j.measured, true),
        ('started', j.started, j.base - j.measured + j.started - j.finished, true),
        ('referred', j.referred, j.base - j.measured + j.referred - j.finished, true)
    ) AS d(denominator_is, denominator, not_measured, applies)
    WHERE d.applies
),
beside AS (
    SELECT
        s.*, e.well - s.well AS rest_well, nullif(e.denominator - s.denominator, 0) AS rest,
        e.not_measured - s.not_measured AS rest_not_measured
    FROM shared AS s
    LEFT JOIN shared AS e
        ON e.level = 'England' AND s.level <> 'England' AND e.source = s.source AND e.period_type = s.period_type
        AND e.period_start = s.period_start AND e.pathway = s.pathway AND e.measure = s.measure
        AND e.denominator_is = s.denominator_is
)
SELECT
    source, level, organisation, period_type, period_start, pathway, measure, denominator_is, well, denominator,
    not_measured, is_complete, well / nullif(denominator, 0) AS all_badly,
    (well + not_measured) / nullif(denominator, 0) AS all_well, standard,
    CASE WHEN denominator = 0 THEN NULL WHEN well >= standard * denominator THEN 'met'
        WHEN well + not_measured < standard * denominator THEN 'not met' WHEN standard IS NOT NULL THEN 'depends'
    END AS standard_met,
    CASE WHEN well < standard * denominator AND well + not_measured >= standard * denominator
        THEN (standard * denominator - well) / not_measured END AS tipping_standard,
    rest_well / rest AS rest_all_badly, (rest_well + rest_not_measured) / rest AS rest_all_well,
    CASE WHEN denominator = 0 THEN NULL
        WHEN well * rest > (rest_well + rest_not_measured) * denominator THEN 'above'
        WHEN (well + not_measured) * rest < rest_well * denominator THEN 'below'
        WHEN rest IS NOT NULL THEN 'depends' END AS beside_england,
    CASE WHEN well * rest < rest_well * denominator AND (well + not_measured) * rest >= rest_well * denominator
        THEN (rest_well * denominator / rest - well) / not_measured
        WHEN rest_well * denominator < well * rest AND (rest_well + rest_not_measured) * denominator >= well * rest
        THEN (well * rest / denominator - rest_well) / rest_not_measured END AS tipping_england
FROM beside

-- Columns of mart.stream_outcome: Outcomes of the people referred in a period on every denominator, with the bounds
--     that those not measured leave open.
--   source, key: submitted: our own count.
--   level, key: England, region, ICB, sub-ICB (by commissioner), provider, provider in sub-ICB, site.
--   organisation, key: Code of the organisation (ref.organisation); ENG is England.
--   period_type, key: month, quarter, rolling 12 months or financial year in which the referral was received.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code (ref.pathway), or 'all' for every pathway the outcome applies to.
--   measure, key: Outcome, by the measure that defines it (mart.measure).
--   denominator_is, key: Of whom: paired; finished at caseness (minus those known not to be: the published
--       denominator of recovery); finished; started; referred.
--   well: Finished courses with the outcome.
--   denominator: People the share is of.
--   not_measured: Of these, those whose outcome is not known: without paired scores, or without a finished course.
--   is_complete: Whether at most 5 % of the referrals are still open.
--   all_badly [share]: Lowest share that can be true: nobody not measured had the outcome. Published rates count
--       them so.
--   all_well [share]: Highest share that can be true: everybody not measured had the outcome.
--   standard [share]: National standard, beside the denominator it is of.
--   standard_met: met or not met, whatever became of those not measured; or depends. NULL without a standard.
--   tipping_standard [share]: Where it depends: the share of those not measured who must have the outcome for the
--       standard to be met.
--   rest_all_badly [share]: all_badly of the rest of England; NULL for England.
--   rest_all_well [share]: all_well of the rest of England.
--   beside_england: above or below the rest of England, whatever became of those not measured at either; or depends.
--       Chance is not allowed for.
--   tipping_england [share]: Of those not measured on the lower side (this organisation, or the rest of England), the
--       share who must have the outcome for both to be equal, counting nobody not measured on the other side. NULL
--       where even all of them would not be enough.
