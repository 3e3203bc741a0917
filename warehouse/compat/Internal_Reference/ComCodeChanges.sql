-- Internal_Reference.ComCodeChanges
-- Grain: one row per commissioner code in core that another code has replaced, successors followed to the end.
CREATE OR REPLACE VIEW Internal_Reference.ComCodeChanges AS
SELECT commissioner AS Org_Code, sub_icb AS New_Code
FROM ref.commissioner_place
WHERE sub_icb NOT IN (commissioner, 'unknown')

-- Columns of Internal_Reference.ComCodeChanges: One row per commissioner code in core that another code has
--     replaced, successors followed to the end.
--   Org_Code, key: Code as submitted.
--   New_Code: Code of the sub-ICB location that stands today.
