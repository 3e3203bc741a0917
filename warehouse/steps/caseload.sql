-- work.caseload
-- Grain: one row per pathway and month end at which it is open: received, not discharged, still submitted.
-- Treatment is as known at that month end: later data do not change an earlier month.
CREATE TABLE work.caseload AS
WITH event AS (
    SELECT
        c.referral_number, CAST(date_trunc('month', c.contact_on) AS DATE) AS month,
        count(*) FILTER (WHERE c.is_treatment) AS treatments, count(*) FILTER (WHERE c.is_attended) AS attended,
        max(c.contact_on) FILTER (WHERE c.is_treatment) AS last_treatment_on,
        max(c.contact_on) FILTER (WHERE c.is_assessment) AS last_assessment_on
    FROM core.contact AS c
    WHERE c.is_treatment OR c.is_attended OR c.is_assessment
    GROUP BY c.referral_number, CAST(date_trunc('month', c.contact_on) AS DATE)
),
-- What is known from a month on, until the next month in which something happened.
known AS (
    SELECT
        referral_number, month, lead(month) OVER so_far AS next_month,
        sum(treatments) OVER so_far AS treatments, sum(attended) OVER so_far AS attended,
        max(last_treatment_on) OVER so_far AS last_treatment_on,
        max(last_assessment_on) OVER so_far AS last_assessment_on
    FROM event
    WINDOW so_far AS (PARTITION BY referral_number ORDER BY month)
),
month_open AS (
    SELECT
        p.referral_number, p.provider, p.service_request_id, p.received_on, m.month, m.last_day AS month_end
    FROM work.referral AS p
    INNER JOIN core.reported_month AS s ON s.provider = p.provider AND s.month BETWEEN p.first_month AND p.last_month
    INNER JOIN ref.month AS m
        ON m.month = s.month AND m.last_day >= p.received_on
        AND (p.discharged_on IS NULL OR p.discharged_on > m.last_day)
),
supported AS (
    SELECT o.referral_number, o.month_end, max(e.contact_on) AS last_employment_support_on
    FROM work.employment_support_contact AS e
    INNER JOIN month_open AS o ON o.referral_number = e.referral_number AND o.month_end >= e.contact_on
    GROUP BY o.referral_number, o.month_end
)
SELECT
    o.referral_number, o.provider, o.service_request_id, o.month_end,
    date_diff('day', o.received_on, o.month_end) AS days_since_referral,
    date_diff('day', k.last_treatment_on, o.month_end) AS days_since_last_treatment,
    coalesce(k.treatments, 0) AS treatment_contacts_to_date, coalesce(k.attended, 0) AS attended_contacts_to_date,
    k.last_assessment_on IS NOT NULL AS is_assessed,
    date_diff('day', s.last_employment_support_on, o.month_end) AS days_since_last_employment_support
FROM month_open AS o
LEFT JOIN known AS k
    ON k.referral_number = o.referral_number AND k.month <= o.month
    AND (k.next_month IS NULL OR o.month < k.next_month)
LEFT JOIN supported AS s ON s.referral_number = o.referral_number AND s.month_end = o.month_end
