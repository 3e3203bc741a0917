-- work.caseload
-- Grain: one row per pathway and month end at which it is open: received, not discharged, still submitted.
-- Treatment is as known at that month end: later data do not change an earlier month.
CREATE TABLE work.caseload AS
WITH event AS (
    SELECT
        c.referral_number, CAST(date_trunc('month', c.contact_on) AS DATE) AS month,
        count(*) FILTER (WHERE c.is_treatment) AS treatments, count(*) FILTER (WHERE c.is_attended) AS attended,
        max(c.contact_on) FILTER (WHERE c.is_treatment) AS last_treatment_on,
        max(c.contact_on) FILTER (WHERE c.is_assessment) AS last_assessment_on, CAST(NULL AS DATE) AS month_end
    FROM core.contact AS c
    WHERE c.is_treatment OR c.is_attended OR c.is_assessment
    GROUP BY c.referral_number, CAST(date_trunc('month', c.contact_on) AS DATE)
),
month_open AS (
    SELECT p.referral_number, m.month, m.last_day AS month_end
    FROM work.referral AS p
    INNER JOIN core.reported_month AS s ON s.provider = p.provider AND s.month BETWEEN p.first_month AND p.last_month
    INNER JOIN ref.month AS m
        ON m.month = s.month AND m.last_day >= p.received_on
        AND (p.discharged_on IS NULL OR p.discharged_on > m.last_day)
),
timeline AS (
    SELECT referral_number, month, treatments, attended, last_treatment_on, last_assessment_on, month_end
    FROM event
    UNION ALL
    SELECT referral_number, month, 0, 0, CAST(NULL AS DATE), CAST(NULL AS DATE), month_end
    FROM month_open
),
running AS (
    SELECT
        referral_number, month_end,
        sum(treatments) OVER so_far AS treatment_contacts_to_date,
        sum(attended) OVER so_far AS attended_contacts_to_date,
        max(last_treatment_on) OVER so_far AS last_treatment_to_date,
        max(last_assessment_on) OVER so_far AS last_assessment_to_date
    FROM timeline
    WINDOW so_far AS (
        PARTITION BY referral_number ORDER BY month RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
supported AS (
    SELECT o.referral_number, o.month_end, max(e.contact_on) AS last_employment_support_on
    FROM work.employment_support_contact AS e
    INNER JOIN month_open AS o ON o.referral_number = e.referral_number AND o.month_end >= e.contact_on
    GROUP BY o.referral_number, o.month_end
)
SELECT
    r.referral_number, p.provider, p.service_request_id, r.month_end,
    date_diff('day', p.received_on, r.month_end) AS days_since_referral,
    date_diff('day', r.last_treatment_to_date, r.month_end) AS days_since_last_treatment,
    r.treatment_contacts_to_date, r.attended_contacts_to_date,
    r.last_assessment_to_date IS NOT NULL AS is_assessed,
    date_diff('day', s.last_employment_support_on, r.month_end) AS days_since_last_employment_support
FROM running AS r
INNER JOIN work.referral AS p ON p.referral_number = r.referral_number
LEFT JOIN supported AS s ON s.referral_number = r.referral_number AND s.month_end = r.month_end
WHERE r.month_end IS NOT NULL
