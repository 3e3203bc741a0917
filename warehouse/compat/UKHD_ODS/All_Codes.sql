-- UKHD_ODS.All_Codes
-- Grain: one row per organisation or site with a postcode of the reference files, and postcode.
CREATE OR REPLACE VIEW UKHD_ODS.All_Codes AS
SELECT s.organisation AS Code, coalesce(o.name, s.organisation) AS Name, s.postcode AS Postcode
FROM ref.site_location AS s
LEFT JOIN ref.organisation AS o ON o.organisation = s.organisation

-- Columns of UKHD_ODS.All_Codes: One row per organisation or site with a postcode of the reference files, and postcode.
--   Code, key: ODS code.
--   Name: Name; the code where no name is known.
--   Postcode, key: Postcode of the building.
