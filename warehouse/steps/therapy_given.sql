-- work.therapy_given
-- Grain: one row per referral with a therapy given or planned: all its therapies together.
-- Employment support (EMS) is coded as an activity but is no psychological therapy.
CREATE TABLE work.therapy_given AS
SELECT
    referral_number,
    count(*) FILTER (WHERE sessions > 0) AS therapies,
    coalesce(min(first_on) < max(last_on), false) AS has_therapy_twice,
    bool_or(is_recommended) FILTER (WHERE sessions > 0) AS has_recommended_therapy,
    bool_or(is_minimum_reached) FILTER (WHERE sessions > 0) AS is_dose_reached,
    bool_or(is_minimum_planned) AS is_dose_planned,
    CAST(sum(planned_sessions) AS BIGINT) AS planned_sessions,
    sum(sessions) FILTER (WHERE planned_sessions IS NOT NULL) >= sum(planned_sessions) AS is_plan_reached
FROM core.therapy_course
WHERE therapy_type <> 'EMS'
GROUP BY referral_number
