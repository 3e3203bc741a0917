-- work.judged_score
-- Grain: one row per submitted score (606 referral, 607 activity), typed and judged by itself.
CREATE TABLE work.judged_score AS
WITH submitted AS (
    SELECT
        r.referral_number, s.provider, s.submitted_by, s.month, s.row_number, 'referral' AS source,
        s.ServiceRequestId AS service_request_id, CAST(NULL AS VARCHAR) AS care_activity_id, s.CodedAssToolType AS tool,
        s.PersScore, s.AssToolCompDate AS scored_on, s.AssToolCompTime AS scored_at, s.Timepoint AS timepoint,
        r.received_on, r.discharged_on, coalesce(s.Timepoint = '05', d.contact_on IS NOT NULL) AS is_follow_up
    FROM staged.IDS606 AS s
    LEFT JOIN work.referral AS r ON r.provider = s.provider AND r.service_request_id = s.ServiceRequestId
    LEFT JOIN work.follow_up_day AS d
        ON d.referral_number = r.referral_number AND d.contact_on = s.AssToolCompDate
    UNION ALL
    SELECT
        a.referral_number, s.provider, s.submitted_by, s.month, s.row_number, 'activity', a.service_request_id, s.CareActId,
        s.CodedAssToolType, s.PersScore, a.contact_on, a.contact_time, CAST(NULL AS VARCHAR), r.received_on,
        r.discharged_on, coalesce(a.appointment_type = '06', false)
    FROM staged.IDS607 AS s
    LEFT JOIN core.activity AS a
        ON a.provider = s.provider AND a.care_activity_id = s.CareActId
        AND (NOT a.is_id_reused OR date_trunc('month', a.contact_on) = s.month)
    LEFT JOIN work.referral AS r ON r.referral_number = a.referral_number
),
typed AS (
    SELECT
        s.*, i.instrument, i.position, i.low, i.high, i.decimals,
        -- The lexical form first: a cast alone would round 12.755 and accept 1e1.
        CASE WHEN regexp_matches(s.PersScore, '^-?[0-9]{1,5}([.][0-9]{1,2})?$')
            THEN CAST(s.PersScore AS DECIMAL(9, 2)) END AS score
    FROM submitted AS s
    LEFT JOIN ref.instrument_code AS k ON k.code = s.tool
    LEFT JOIN ref.instrument AS i ON i.instrument = k.instrument
),
judged AS (
    SELECT
        t.*,
        coalesce(score BETWEEN low AND high AND CAST(score * 100 AS BIGINT)
            % (CASE decimals WHEN 0 THEN 100 WHEN 1 THEN 10 ELSE 1 END) = 0, false) AS is_valid,
        coalesce(scored_on >= received_on AND (discharged_on IS NULL OR scored_on <= discharged_on), false)
            AS is_in_episode
    FROM typed AS t
)
SELECT
    row_number() OVER () AS score_number, referral_number, position, provider, submitted_by, source, month, row_number,
    service_request_id, care_activity_id, tool, instrument, PersScore AS submitted_score, score, scored_on, scored_at,
    timepoint, is_valid, is_follow_up, is_in_episode, is_valid AND is_in_episode AND NOT is_follow_up AS can_count
FROM judged
