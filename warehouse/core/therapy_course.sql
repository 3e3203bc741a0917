-- core.therapy_course
-- Grain: one row per provider, service request and type of therapy given or planned.
-- A session is a treatment contact in which the therapy was given: two activities of one contact are one session,
-- a refused therapy is none (defects EIP-5, PT-9). Doses are NICE's minimum of sessions (ref.therapy_standard).
CREATE TABLE core.therapy_course AS
WITH given AS (
    SELECT
        referral_number, therapy_type, min(procedure_code) AS procedure_code,
        count(*) FILTER (WHERE is_first_of_therapy) AS sessions, min(contact_on) AS first_on, max(contact_on) AS last_on,
        bool_and(is_staff_trained AND is_staff_supervised) FILTER (WHERE is_staff_therapy_known)
            AS is_by_trained_and_supervised
    FROM core.activity
    WHERE is_therapy_session
    GROUP BY referral_number, therapy_type
),
planned AS (
    SELECT r.referral_number, s.therapy_type, s.planned_sessions, s.planned_from
    FROM core.session_plan AS s
    INNER JOIN work.referral AS r ON r.provider = s.provider AND r.service_request_id = s.service_request_id
),
known AS (
    SELECT
        coalesce(g.referral_number, p.referral_number) AS referral_number,
        coalesce(g.therapy_type, p.therapy_type) AS therapy_type, g.procedure_code,
        coalesce(g.sessions, 0) AS sessions, g.first_on, g.last_on, g.is_by_trained_and_supervised,
        p.planned_sessions, p.planned_from
    FROM given AS g
    FULL JOIN planned AS p ON p.referral_number = g.referral_number AND p.therapy_type = g.therapy_type
)
SELECT
    r.referral_number, r.provider, r.service_request_id, r.pathway, k.therapy_type, c.meaning AS therapy, k.procedure_code, k.sessions,
    k.first_on, k.last_on, k.planned_sessions, k.planned_from, s.therapy_type IS NOT NULL AS is_recommended,
    s.minimum_sessions, k.sessions >= s.minimum_sessions AS is_minimum_reached,
    k.planned_sessions >= s.minimum_sessions AS is_minimum_planned,
    k.sessions >= k.planned_sessions AS is_plan_reached, k.is_by_trained_and_supervised
FROM known AS k
INNER JOIN work.referral AS r ON r.referral_number = k.referral_number
LEFT JOIN ref.code AS c ON c.code_list = 'therapy_type' AND c.code = k.therapy_type
LEFT JOIN ref.therapy_standard AS s ON s.pathway = r.pathway AND s.therapy_type = k.therapy_type

-- Columns of core.therapy_course: One row per service request and type of therapy given or planned: sessions, plan,
--     and NICE's minimum.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   pathway: Pathway code (ref.pathway): as submitted, else derived.
--   therapy_type, key: Type of therapy (ref.code therapy_type).
--   therapy: Name of the therapy.
--   procedure_code [SNOMED CT]: Procedure the therapy was coded by, the lowest where several codes name it; NULL
--       when only planned.
--   sessions [sessions]: Treatment contacts in which it was given; 0 when only planned.
--   first_on [date]: Day of the first session.
--   last_on [date]: Day of the last session.
--   planned_sessions [sessions]: Sessions planned; NULL without a plan.
--   planned_from [date]: First day of the plan.
--   is_recommended: Whether NICE recommends it for the pathway (ref.therapy_standard).
--   minimum_sessions [sessions]: Fewest sessions NICE asks for; NULL where it names none.
--   is_minimum_reached: Whether sessions reach the minimum; NULL without a minimum.
--   is_minimum_planned: Whether the plan reaches the minimum; NULL without a minimum or a plan.
--   is_plan_reached: Whether sessions reach the plan; NULL without a plan.
--   is_by_trained_and_supervised: Whether all its sessions were by staff trained and supervised in it on the day, of
--       those by staff of whom it is known; NULL where it is known of none.
