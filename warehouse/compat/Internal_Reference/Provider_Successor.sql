-- Internal_Reference.Provider_Successor
-- Grain: one row per provider in core that another has replaced, successors followed to the end.
CREATE OR REPLACE VIEW Internal_Reference.Provider_Successor AS
SELECT provider AS Prov_original, current_provider AS Prov_Successor
FROM ref.provider_place
WHERE current_provider <> provider

-- Columns of Internal_Reference.Provider_Successor: One row per provider in core that another has replaced,
--     successors followed to the end.
--   Prov_original, key: Code as submitted.
--   Prov_Successor: Code of the provider that stands today.
