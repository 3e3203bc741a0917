-- Reporting.Ref_ODS_Provider_Hierarchies_ICB
-- Grain: one row per provider in core, successors followed.
-- Only what stands today is here, so that no join multiplies.
CREATE OR REPLACE VIEW Reporting.Ref_ODS_Provider_Hierarchies_ICB AS
WITH place AS (
    SELECT DISTINCT current_provider AS organisation, icb, region
    FROM ref.provider_place
    WHERE current_provider <> 'unknown'
)
SELECT
    p.organisation AS Organisation_Code, coalesce(o.name, p.organisation) AS Organisation_Name,
    i.organisation AS STP_Code, i.name AS STP_Name, r.organisation AS Region_Code, r.name AS Region_Name,
    upper(o.kind) AS ODS_Organisation_Type, CAST(NULL AS DATE) AS Effective_To
FROM place AS p
LEFT JOIN ref.organisation AS o ON o.organisation = p.organisation
LEFT JOIN ref.organisation AS i ON i.organisation = p.icb
LEFT JOIN ref.organisation AS r ON r.organisation = p.region

-- Columns of Reporting.Ref_ODS_Provider_Hierarchies_ICB: One row per provider in core, successors followed: where
--     it lies.
--   Organisation_Code, key: ODS code.
--   Organisation_Name: Name; the code where no name is known.
--   STP_Code: ODS code of the ICB; empty when not known.
--   STP_Name: Name of the ICB.
--   Region_Code: ODS code of the NHS England region; empty when not known.
--   Region_Name: Name of the region.
--   ODS_Organisation_Type: Kind of organisation, in capitals.
--   Effective_To: Always empty: only what stands today is here.
