-- compat.wsas_item
-- Grain: one row per pathway with an item of the Work and Social Adjustment Scale: first and last score of each.
CREATE OR REPLACE VIEW compat.wsas_item AS
WITH item AS (
    SELECT
        provider, service_request_id, instrument, CAST(first_score AS INTEGER) AS first_score,
        CAST(last_score AS INTEGER) AS last_score
    FROM core.outcome
)
SELECT
    provider, service_request_id,
    max(first_score) FILTER (WHERE instrument = 'WSAS_HOME_MANAGEMENT') AS home_management_first,
    max(last_score) FILTER (WHERE instrument = 'WSAS_HOME_MANAGEMENT') AS home_management_last,
    max(first_score) FILTER (WHERE instrument = 'WSAS_PRIVATE_LEISURE') AS private_leisure_first,
    max(last_score) FILTER (WHERE instrument = 'WSAS_PRIVATE_LEISURE') AS private_leisure_last,
    max(first_score) FILTER (WHERE instrument = 'WSAS_RELATIONSHIPS') AS relationships_first,
    max(last_score) FILTER (WHERE instrument = 'WSAS_RELATIONSHIPS') AS relationships_last,
    max(first_score) FILTER (WHERE instrument = 'WSAS_SOCIAL_LEISURE') AS social_leisure_first,
    max(last_score) FILTER (WHERE instrument = 'WSAS_SOCIAL_LEISURE') AS social_leisure_last,
    max(first_score) FILTER (WHERE instrument = 'WSAS_WORK') AS work_first,
    max(last_score) FILTER (WHERE instrument = 'WSAS_WORK') AS work_last
FROM item
WHERE starts_with(instrument, 'WSAS_')
GROUP BY provider, service_request_id

-- Columns of compat.wsas_item: One row per pathway with a score that counts: first and last of each item of the
--     Work and Social Adjustment Scale.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's service request id.
--   home_management_first [points]: First score of the item home management.
--   home_management_last [points]: Last score of the item home management.
--   private_leisure_first [points]: First score of the item private leisure.
--   private_leisure_last [points]: Last score of the item private leisure.
--   relationships_first [points]: First score of the item relationships.
--   relationships_last [points]: Last score of the item relationships.
--   social_leisure_first [points]: First score of the item social leisure.
--   social_leisure_last [points]: Last score of the item social leisure.
--   work_first [points]: First score of the item work.
--   work_last [points]: Last score of the item work.
