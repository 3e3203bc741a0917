-- mart.flow
-- Grain: one row per level, organisation, period, pathway and step of care ('all': all of them).
-- Waiting: at the start + referred + lines in - started - left - lines out = at the end. Treatment: at the start +
-- started + stepped in + step known in + lines in - stepped out - step known out - ended - lines out = at the end.
-- Both hold in every row, and the next month starts with what this one ends with. Flows of a longer period are those
-- of its months together, its stocks those of its two ends (decision 0021). Of a provider that did not submit a month
-- nobody is there at its end: they go out by the line gap (or merger) and come in by it again.
CREATE TABLE mart.flow AS
-- Nobody is 0 where the last month was submitted, and NULL where it was not.
WITH row_of AS (
    SELECT r.*, CASE WHEN r.has_last_month THEN 0 END AS nobody
    FROM work.flow_row AS r
)
SELECT
    'submitted' AS source, r.level, r.organisation, r.period_type, r.period_start, r.pathway, r.step,
    r.months_submitted, CASE WHEN r.has_last_month THEN 'value' ELSE 'not submitted' END AS state,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_at_start'), r.nobody) AS waiting_at_start,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'referred'), r.nobody) AS referred,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_late_in'), r.nobody) AS waiting_late_in,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_lost_in'), r.nobody) AS waiting_lost_in,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_merger_in'), r.nobody) AS waiting_merger_in,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_gap_in'), r.nobody) AS waiting_gap_in,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_started'), r.nobody) AS waiting_started,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_left'), r.nobody) AS waiting_left,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_late_out'), r.nobody) AS waiting_late_out,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_lost_out'), r.nobody) AS waiting_lost_out,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_merger_out'), r.nobody) AS waiting_merger_out,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_gap_out'), r.nobody) AS waiting_gap_out,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'waiting_at_end'), r.nobody) AS waiting_at_end,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_at_start'), r.nobody) AS treatment_at_start,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_started'), r.nobody) AS treatment_started,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'stepped_in'), r.nobody) AS stepped_in,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'step_known_in'), r.nobody) AS step_known_in,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_late_in'), r.nobody) AS treatment_late_in,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_lost_in'), r.nobody) AS treatment_lost_in,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_merger_in'), r.nobody) AS treatment_merger_in,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_gap_in'), r.nobody) AS treatment_gap_in,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'stepped_out'), r.nobody) AS stepped_out,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'step_known_out'), r.nobody) AS step_known_out,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_ended'), r.nobody) AS treatment_ended,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_late_out'), r.nobody) AS treatment_late_out,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_lost_out'), r.nobody) AS treatment_lost_out,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_merger_out'), r.nobody) AS treatment_merger_out,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_gap_out'), r.nobody) AS treatment_gap_out,
    coalesce(max(c.referrals) FILTER (WHERE c.line = 'treatment_at_end'), r.nobody) AS treatment_at_end
FROM row_of AS r
LEFT JOIN work.flow_period AS c
    ON r.has_last_month AND c.level = r.level AND c.organisation = r.organisation AND c.period_type = r.period_type
    AND c.period_start = r.period_start AND c.pathway = r.pathway AND c.step = r.step
GROUP BY
    r.level, r.organisation, r.period_type, r.period_start, r.pathway, r.step, r.months_submitted, r.has_last_month,
    r.nobody

-- Columns of mart.flow: Who waits and who is in treatment: at the start of a period, who came, who went, and at its
--     end, which adds up in every row. One row per organisation, period, pathway and step of care.
--   source, key: submitted: our own count.
--   level, key: England, region, ICB, sub-ICB (by commissioner) or provider.
--   organisation, key: Code of the organisation (ref.organisation); ENG is England; a merged provider counts in its
--       successor.
--   period_type, key: month, quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code (ref.pathway), or 'all'.
--   step, key: Step of care (core.step_of_care): low intensity, high intensity, SMI therapy, not known yet, or
--       'all'. In Talking Therapies all wait in 'not known yet'.
--   months_submitted [months]: Months of the period for which a provider of the organisation submitted.
--   state: value; or not submitted: no provider of it submitted the last month of the period, and all counts are
--       NULL.
--   waiting_at_start: Waiting for the first treatment contact when the period began: waiting_at_end of the month
--       before.
--   referred: Referrals received (REFERRALS).
--   waiting_late_in: Waiting: known only now, referred in an earlier month that was submitted without them.
--   waiting_lost_in: Waiting: no longer submitted before, and now accounted for by a discharge or a start.
--   waiting_merger_in: Waiting: first sent by a successor in the month in which it took over from a merged provider,
--       or sent before by that one only.
--   waiting_gap_in: Waiting: there already when the provider began to submit, or again after a month that it did not
--       submit.
--   waiting_started: Of those waiting in this step, those whose treatment began (ACCESS).
--   waiting_left: Discharged before any treatment contact (ENDED_UNTREATED).
--   waiting_late_out: Waiting: there by the day of referral, but not submitted until a later month.
--   waiting_lost_out: Waiting: no longer submitted, without a discharge.
--   waiting_merger_out: Waiting: left open by a provider that has been merged, or not yet sent by its successor.
--   waiting_gap_out: Waiting: of a provider that did not submit the month.
--   waiting_at_end: Waiting for the first treatment contact at the end of the period (AWAITING_TREATMENT).
--   treatment_at_start: In treatment in this step when the period began: treatment_at_end of the month before.
--   treatment_started: Whose treatment began in this step; of all steps the same as waiting_started.
--   stepped_in: Who stepped up or down into this step; of all steps the same as stepped_out.
--   step_known_in: In treatment, whose step became known as this one.
--   treatment_late_in: In treatment: known only now, referred in an earlier month that was submitted without them.
--   treatment_lost_in: In treatment: no longer submitted before, and now accounted for by a discharge or a start.
--   treatment_merger_in: In treatment: first sent by a successor in the month in which it took over from a merged
--       provider, or sent before by that one only.
--   treatment_gap_in: In treatment: there already when the provider began to submit, or again after a month that it
--       did not submit.
--   stepped_out: Who stepped up or down out of this step.
--   step_known_out: In treatment, whose step became known.
--   treatment_ended: Discharged from treatment in this step (ENDED_TREATED, all steps).
--   treatment_late_out: In treatment: there by the day of referral, but not submitted until a later month.
--   treatment_lost_out: In treatment: no longer submitted, without a discharge.
--   treatment_merger_out: In treatment: left open by a provider that has been merged, or not yet sent by its
--       successor.
--   treatment_gap_out: In treatment: of a provider that did not submit the month.
--   treatment_at_end: In treatment in this step at the end of the period (OPEN_TREATED, all steps).
