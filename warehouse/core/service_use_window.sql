-- core.service_use_window
-- Grain: one row per provider, service request and window (before, during, after therapy) of which days are observed.
-- Before and after are 180 days each, so that their counts are comparable. Six months are long enough to see
-- admissions and include two follow-ups three months apart (IAPT-SMI schedule). During is from first to last
-- treatment contact. Observed: the referral is in a run of months in which the provider sends service use.
-- Earlier use is asked at intake, so «before» may start earlier than the run. «After» also needs the person to be
-- reported when it ends. First and last day of a stay both count, and overlapping spells count once. An admission
-- counts where a stay starts. days are the person-days that counts are of: of windows of unequal length only counts per
-- person-time can be compared. A window that still runs, or of which the data end, is not complete and says so; no
-- measure counts it.
CREATE TABLE core.service_use_window AS
WITH treated AS (
    SELECT
        p.referral_number, p.provider, p.service_request_id, p.pathway, p.person_id, p.is_discharged, r.to_on,
        p.first_treatment_on, p.last_treatment_on, last_day(n.last_month) AS known_to
    FROM core.pathway AS p
    INNER JOIN work.reporting_run AS r ON r.provider = p.provider AND p.received_on BETWEEN r.from_on AND r.to_on
    INNER JOIN core.person AS n ON n.provider = p.provider AND n.person_id = p.person_id
    WHERE p.first_treatment_on <= r.to_on
),
opened AS (
    SELECT referral_number, provider, service_request_id, pathway, person_id, 'before' AS window_name,
        first_treatment_on - 180 AS from_on, first_treatment_on - 1 AS to_on, true AS is_complete
    FROM treated
    UNION ALL
    SELECT referral_number, provider, service_request_id, pathway, person_id, 'during', first_treatment_on,
        CASE WHEN is_discharged THEN least(last_treatment_on, to_on) ELSE least(to_on, known_to) END,
        is_discharged AND last_treatment_on <= to_on
    FROM treated
    UNION ALL
    SELECT referral_number, provider, service_request_id, pathway, person_id, 'after',
        last_treatment_on + 1, least(last_treatment_on + 180, to_on, known_to),
        last_treatment_on + 180 <= least(to_on, known_to)
    FROM treated
    WHERE is_discharged
),
used AS (
    SELECT o.referral_number, o.window_name, u.service_use_type AS kind,
        coalesce(u.occurrences, 1) AS times, 0 AS days
    FROM opened AS o
    INNER JOIN core.service_use AS u
        ON u.provider = o.provider AND u.person_id = o.person_id AND u.started_on BETWEEN o.from_on AND o.to_on
    WHERE u.service_use_type <> '01'
    UNION ALL
    SELECT o.referral_number, o.window_name, '01',
        CASE WHEN h.started_on >= o.from_on THEN 1 ELSE 0 END,
        date_diff('day', greatest(h.started_on, o.from_on), least(h.ended_on, o.to_on)) + 1
    FROM opened AS o
    INNER JOIN work.hospital_stay AS h
        ON h.provider = o.provider AND h.person_id = o.person_id
        AND h.started_on <= o.to_on AND h.ended_on >= o.from_on
),
counted AS (
    SELECT
        referral_number, window_name,
        sum(times) FILTER (WHERE kind = '01') AS admissions,
        sum(days) AS bed_days,
        sum(times) FILTER (WHERE kind = '02') AS crisis_contacts,
        sum(times) FILTER (WHERE kind = '03') AS emergency_attendances,
        sum(times) FILTER (WHERE kind = '04') AS detentions,
        sum(times) FILTER (WHERE kind = '05') AS self_harm,
        sum(times) FILTER (WHERE kind = '06') AS suicide_attempts,
        sum(times) FILTER (WHERE kind = '07') AS violence
    FROM used
    GROUP BY referral_number, window_name
)
SELECT
    o.referral_number, o.provider, o.service_request_id, o.pathway, o.window_name, o.from_on, o.to_on,
    date_diff('day', o.from_on, o.to_on) + 1 AS days, o.is_complete,
    CAST(coalesce(u.admissions, 0) AS BIGINT) AS admissions,
    CAST(coalesce(u.bed_days, 0) AS BIGINT) AS bed_days,
    CAST(coalesce(u.crisis_contacts, 0) AS BIGINT) AS crisis_contacts,
    CAST(coalesce(u.emergency_attendances, 0) AS BIGINT) AS emergency_attendances,
    CAST(coalesce(u.detentions, 0) AS BIGINT) AS detentions,
    CAST(coalesce(u.self_harm, 0) AS BIGINT) AS self_harm,
    CAST(coalesce(u.suicide_attempts, 0) AS BIGINT) AS suicide_attempts,
    CAST(coalesce(u.violence, 0) AS BIGINT) AS violence
FROM opened AS o
LEFT JOIN counted AS u ON u.referral_number = o.referral_number AND u.window_name = o.window_name
WHERE o.from_on <= o.to_on

-- Columns of core.service_use_window: One row per service request and window (before, during, after therapy) of
--     which days are observed: what other services the person used, in how many days.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   pathway: Pathway code (ref.pathway): as submitted, else derived.
--   window_name, key: before (180 days), during (first to last treatment contact) or after (180 days).
--   from_on [date]: First day of the window.
--   to_on [date]: Last day of the window that is observed.
--   days [days]: Person-days observed, both ends counted.
--   is_complete: Whether the whole window is observed: 180 days before or after, or all of a therapy that has ended.
--       Counts of a window that is not complete are counts so far.
--   admissions: Stays in hospital that began in the window.
--   bed_days [days]: Days in hospital, both ends of a stay counted, overlapping spells once in the window.
--   crisis_contacts: Crisis-team contacts in the window.
--   emergency_attendances: Emergency department attendances in the window.
--   detentions: Detentions under the Mental Health Act in the window.
--   self_harm: Episodes of self-harm in the window.
--   suicide_attempts: Suicide attempts in the window.
--   violence: Incidents of violence in the window.
