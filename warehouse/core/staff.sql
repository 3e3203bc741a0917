-- core.staff
-- Grain: one row per provider and member of staff known from SMI901 or IDS902, as last submitted.
-- Trained means that a curriculum is awarded on a date; one without a date is still under way. The curricula are of
-- Talking Therapies; training and supervision in each therapy are in core.staff_therapy. Who has neither is not known
-- to be in training.
CREATE TABLE core.staff AS
WITH listed AS (
    SELECT s.provider, s.CarePersLocalId AS staff_id, s.month, s.StaffGroup, s.Band
    FROM staged.SMI901 AS s
    INNER JOIN staged.SMI901_latest AS l ON l.provider = s.provider AND l.recency = s.recency
),
-- A qualification is submitted every month. Its latest row says whether it is awarded.
qualified AS (
    SELECT
        provider, CarePersLocalId AS staff_id, month, QualAttainLevelIAPT, QualAwardedDate,
        row_number() OVER (
            PARTITION BY provider, CarePersLocalId, QualAttainLevelIAPT ORDER BY recency DESC
        ) AS rank
    FROM staged.IDS902
),
counted AS (
    SELECT
        provider, staff_id, max(month) AS month, count(QualAwardedDate) AS qualifications,
        count(*) - count(QualAwardedDate) AS trainings, min(QualAwardedDate) AS qualified_on
    FROM qualified
    WHERE rank = 1
    GROUP BY provider, staff_id
),
learned AS (
    SELECT provider, staff_id, min(trained_on) AS trained_on
    FROM core.staff_therapy
    GROUP BY provider, staff_id
)
SELECT
    coalesce(s.provider, q.provider) AS provider, coalesce(s.staff_id, q.staff_id) AS staff_id,
    greatest(coalesce(s.month, q.month), coalesce(q.month, s.month)) AS last_month,
    s.StaffGroup AS staff_group, s.Band AS pay_band, coalesce(q.qualifications, 0) AS qualifications,
    coalesce(q.trainings, 0) AS trainings, q.qualified_on, least(q.qualified_on, t.trained_on) AS trained_on,
    q.staff_id IS NOT NULL OR t.staff_id IS NOT NULL AS is_training_known
FROM listed AS s
FULL JOIN counted AS q ON q.provider = s.provider AND q.staff_id = s.staff_id
LEFT JOIN learned AS t
    ON t.provider = coalesce(s.provider, q.provider) AND t.staff_id = coalesce(s.staff_id, q.staff_id)

-- Columns of core.staff: One row per provider and member of staff (SMI901, IDS902), as last submitted.
--   provider, key: ODS code of the provider.
--   staff_id, key: Pseudonym of the member of staff.
--   last_month [month]: First day of the latest month that carries it.
--   staff_group: Professional group (ref.code staff_group); NULL where SMI901 does not list the person.
--   pay_band: Agenda for Change pay band.
--   qualifications: Curricula awarded.
--   trainings: Curricula under way: no date of award.
--   qualified_on [date]: Day of the first award; NULL where there is none.
--   trained_on [date]: First day on which a curriculum was awarded or the training in a therapy (core.staff_therapy)
--       completed; NULL while in training, and where no training is known.
--   is_training_known: Whether a curriculum or the training in a therapy was submitted, completed or not.
