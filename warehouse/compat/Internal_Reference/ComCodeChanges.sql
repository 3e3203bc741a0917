-- Internal_Reference.ComCodeChanges
-- Grain: one row per commissioner code in core that another code has replaced, successors followed to the end.
CREATE OR REPLACE VIEW Internal_Reference.ComCodeChanges AS
SELECT commissioner AS Org_Code, sub_icb AS New_Code
FROM ref.commissioner_place
WHERE sub_icb NOT IN (commissioner, 'unknown')
