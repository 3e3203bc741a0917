-- core.staff_post
-- Grain: one row per provider, member of staff and month for which the provider lists them: staff in post.
-- Listed in the staff table (SMI901), with a curriculum (IDS902) or with training in a therapy (SMI902). Who gave
-- sessions is in core.staff_month: somebody in post may have given none.
CREATE TABLE core.staff_post AS
WITH listed AS (
    SELECT provider, month, CarePersLocalId AS staff_id FROM staged.SMI901
    UNION
    SELECT provider, month, CarePersLocalId FROM staged.IDS902
    UNION
    SELECT provider, month, CarePersLocalId FROM staged.SMI902
),
-- Of several courses under way the one that ends last: until then somebody is in training.
under_way AS (
    SELECT
        provider, month, CarePersLocalId AS staff_id, QualAttainLevelIAPT, QualPlannedCompletionDate,
        row_number() OVER (
            PARTITION BY provider, month, CarePersLocalId
            ORDER BY QualPlannedCompletionDate DESC NULLS LAST, QualAttainLevelIAPT, recency
        ) AS rank
    FROM staged.IDS902
    WHERE QualAwardedDate IS NULL
)
SELECT
    l.provider, l.staff_id, l.month, u.QualAttainLevelIAPT AS course_under_way,
    u.QualPlannedCompletionDate AS planned_completion_on
FROM listed AS l
LEFT JOIN under_way AS u
    ON u.provider = l.provider AND u.month = l.month AND u.staff_id = l.staff_id AND u.rank = 1
WHERE l.staff_id IS NOT NULL

-- Columns of core.staff_post: One row per provider, member of staff and month for which the provider lists them
--     (SMI901, SMI902, IDS902): staff in post.
--   provider, key: ODS code of the provider.
--   staff_id, key: Pseudonym of the member of staff.
--   month [month], key: First day of the month.
--   course_under_way: Curriculum under way, without an award (ref.code qualification); NULL where there is none.
--   planned_completion_on [date]: Day on which that course is planned to end; NULL where it is not submitted.
