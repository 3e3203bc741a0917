-- core.score
-- Grain: one row per submitted score (606 referral, 607 activity), whether or not it counts.
-- A score counts when it is valid for its instrument, falls within the episode and is no follow-up; of one day
-- only the last recorded counts (a corrected score is no second occasion). score_order numbers the days 1, 2 ...
CREATE TABLE core.score AS
WITH submitted AS (
    SELECT
        s.provider, s.month, s.row_number, 'referral' AS source, s.ServiceRequestId AS service_request_id,
        CAST(NULL AS VARCHAR) AS care_activity_id, s.CodedAssToolType AS tool, s.PersScore,
        s.AssToolCompDate AS scored_on, s.AssToolCompTime AS scored_at, s.Timepoint AS timepoint,
        coalesce(s.Timepoint = '05', d.is_follow_up, false) AS is_follow_up
    FROM staged.IDS606 AS s
    LEFT JOIN work.follow_up_day AS d
        ON d.provider = s.provider AND d.service_request_id = s.ServiceRequestId
        AND d.contact_on = s.AssToolCompDate
    UNION ALL
    SELECT
        s.provider, s.month, s.row_number, 'activity', a.service_request_id, s.CareActId,
        s.CodedAssToolType, s.PersScore, a.contact_on, a.contact_time, CAST(NULL AS VARCHAR),
        coalesce(a.appointment_type = '06', false)
    FROM staged.IDS607 AS s
    LEFT JOIN core.activity AS a ON a.provider = s.provider AND a.care_activity_id = s.CareActId
),
typed AS (
    SELECT
        s.*, i.instrument, i.position, i.low, i.high, i.decimals, r.referral_number,
        r.received_on, r.discharged_on,
        -- The lexical form first: a cast alone would round 12.755 and accept 1e1.
        CASE WHEN regexp_matches(s.PersScore, '^-?[0-9]{1,5}([.][0-9]{1,2})?$')
            THEN CAST(s.PersScore AS DECIMAL(9, 2)) END AS score
    FROM submitted AS s
    LEFT JOIN ref.instrument_code AS k ON k.code = s.tool
    LEFT JOIN ref.instrument AS i ON i.instrument = k.instrument
    LEFT JOIN work.referral AS r ON r.provider = s.provider AND r.service_request_id = s.service_request_id
),
judged AS (
    SELECT
        t.*,
        coalesce(score BETWEEN low AND high AND CAST(score * 100 AS BIGINT)
            % (CASE decimals WHEN 0 THEN 100 WHEN 1 THEN 10 ELSE 1 END) = 0, false) AS is_valid,
        coalesce(scored_on >= received_on AND (discharged_on IS NULL OR scored_on <= discharged_on), false)
            AS is_in_episode
    FROM typed AS t
),
ranked AS (
    SELECT
        j.*,
        is_valid AND is_in_episode AND NOT is_follow_up AS can_count,
        row_number() OVER (
            PARTITION BY referral_number, position, scored_on, is_valid AND is_in_episode AND NOT is_follow_up
            ORDER BY scored_at DESC NULLS LAST, source, month DESC, row_number DESC
        ) AS recency_in_day
    FROM judged AS j
)
SELECT
    provider, source, month, row_number, service_request_id, care_activity_id, tool, instrument,
    PersScore AS submitted_score, score, scored_on, scored_at, timepoint, is_valid, is_follow_up,
    is_in_episode, can_count AND recency_in_day = 1 AS is_counted,
    CASE WHEN can_count AND recency_in_day = 1 THEN row_number() OVER (
        PARTITION BY referral_number, position, can_count AND recency_in_day = 1
        ORDER BY scored_on
    ) END AS score_order
FROM ranked
