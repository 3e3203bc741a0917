-- mart.stream
-- Grain: one row per level, organisation, period of referral and pathway: what became of the people referred.
-- A cohort: the same referrals from the first stage to the last, as known now. Monthly measures of finished courses
-- count other people at each stage. Each stage is part of the stage before it.
CREATE VIEW mart.stream AS
WITH counted AS (
    SELECT
        source, level, organisation, period_type, period_start, pathway,
        max(months_submitted) AS months_submitted,
        max(state) FILTER (WHERE measure = 'REFERRED_STARTED') AS state,
        max(denominator) FILTER (WHERE measure = 'REFERRED_STARTED') AS referred,
        max(numerator) FILTER (WHERE measure = 'REFERRED_ASSESSED') AS assessed,
        max(numerator) FILTER (WHERE measure = 'REFERRED_STARTED') AS started,
        max(numerator) FILTER (WHERE measure = 'REFERRED_FINISHED') AS finished,
        -- A pathway has the measures of one set, and 'all' of both: NULL stays NULL only where neither applies.
        CAST(sum(numerator) FILTER (WHERE measure IN ('REFERRED_PAIRED', 'REFERRED_SMI_PAIRED')) AS BIGINT) AS paired,
        CAST(sum(numerator) FILTER (
            WHERE measure IN ('REFERRED_RELIABLY_IMPROVED', 'REFERRED_SMI_IMPROVED')) AS BIGINT) AS improved,
        CAST(sum(numerator) FILTER (
            WHERE measure IN ('REFERRED_RECOVERABLE', 'REFERRED_REQOL_RECOVERABLE')) AS BIGINT) AS recoverable,
        CAST(sum(numerator) FILTER (
            WHERE measure IN ('REFERRED_PAIRED_AT_CASENESS', 'REFERRED_REQOL_PAIRED_AT_CASENESS')) AS BIGINT)
            AS paired_at_caseness,
        CAST(sum(numerator) FILTER (
            WHERE measure IN ('REFERRED_RECOVERED', 'REFERRED_REQOL_RECOVERED')) AS BIGINT) AS recovered,
        max(numerator) FILTER (WHERE measure = 'REFERRED_RELIABLY_RECOVERED') AS reliably_recovered,
        max(numerator) FILTER (WHERE measure = 'REFERRED_OPEN') AS still_open,
        max(numerator) FILTER (WHERE measure = 'REFERRED_OPEN_NOT_ASSESSED') AS open_not_assessed,
        max(numerator) FILTER (WHERE measure = 'REFERRED_OPEN_NOT_STARTED') AS open_not_started
    FROM mart.service_measure
    WHERE starts_with(measure, 'REFERRED_')
    GROUP BY source, level, organisation, period_type, period_start, pathway
)
SELECT
    source, level, organisation, period_type, period_start, pathway, months_submitted, state, referred, assessed, started,
    finished, paired, improved, recoverable, paired_at_caseness, recovered, reliably_recovered, still_open,
    open_not_assessed, open_not_started, referred - assessed - open_not_assessed AS left_before_assessment,
    assessed - started - (open_not_started - open_not_assessed) AS left_before_treatment,
    started - finished - (still_open - open_not_started) AS left_after_one_contact,
    still_open / nullif(referred, 0) AS share_open, still_open * 20 <= referred AS is_complete
FROM counted

-- Columns of mart.stream: What became of the people referred in a period: one row per organisation, period of
--     referral and pathway. The same people at every stage, as known now.
--   source, key: submitted: our own count.
--   level, key: England, region, ICB, sub-ICB (by commissioner), provider, provider in sub-ICB, site.
--   organisation, key: Code of the organisation (ref.organisation); ENG is England.
--   period_type, key: month, quarter, rolling 12 months or financial year in which the referral was received.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code (ref.pathway), or 'all'.
--   months_submitted [months]: Months of the period for which a provider of the organisation submitted.
--   state: value; no denominator (nobody referred); not submitted.
--   referred: Referrals received in the period.
--   assessed: Of these, assessed or treated.
--   started: Of these, with a treatment contact.
--   finished: Of these, discharged after two or more treatment contacts.
--   paired: Of these, with paired scores: for depression and anxiety, or for severe mental illness on the main
--       measure of the pathway (ref.pathway.severity_measure).
--   improved: Of these, reliably improved: RELIABLE_IMPROVEMENT or SMI_IMPROVEMENT.
--   recoverable: Finished, minus those known not to be at caseness at the start (for severe mental illness on
--       ReQoL-10).
--   paired_at_caseness: Of these, with paired scores, so at caseness.
--   recovered: Of these, in recovery: RECOVERY or REQOL_RECOVERY.
--   reliably_recovered: Of these, reliably improved too (RELIABLE_RECOVERY); NULL for severe mental illness.
--   still_open: Referrals without a discharge in the data, at any stage.
--   open_not_assessed: Of these, neither assessed nor treated.
--   open_not_started: Of these, without a treatment contact.
--   left_before_assessment: Discharged without an assessment or treatment contact.
--   left_before_treatment: Discharged after assessment, without a treatment contact.
--   left_after_one_contact: Discharged after one treatment contact.
--   share_open [share]: still_open of referred.
--   is_complete: Whether at most 5 % are still open, so that later months change the row little.
