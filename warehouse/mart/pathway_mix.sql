-- mart.pathway_mix
-- Grain: one row per provider, period and share with a denominator: which kinds of care its 'all' consists of.
-- Like is compared with like: a service whose denominator is to 95 % or more of one pathway belongs to the services
-- of that pathway. One that mixes pathways has no peers, since no other has its proportions. Its pathways have rows
-- of their own, and those are compared. 95 % is our choice: at 5 % of other care, rates that are 20 points apart
-- move a share by 1 point.
CREATE TABLE mart.pathway_mix AS
WITH part AS (
    SELECT s.organisation, s.period_type, s.period_start, s.measure, s.pathway, s.denominator
    FROM mart.service_measure AS s
    INNER JOIN mart.measure AS m ON m.measure = s.measure AND m.kind = 'share'
    WHERE s.level = 'provider' AND s.pathway <> 'all' AND s.denominator > 0
),
mixed AS (
    SELECT
        organisation, period_type, period_start, measure, count(*) AS pathways,
        CAST(sum(denominator) AS BIGINT) AS denominator, max(denominator) AS main_denominator,
        arg_max(pathway, (denominator, pathway)) AS main_pathway
    FROM part
    GROUP BY organisation, period_type, period_start, measure
)
SELECT
    'submitted' AS source, organisation AS provider, period_type, period_start, measure, pathways, main_pathway,
    main_denominator, denominator,
    CASE WHEN 100 * main_denominator >= 95 * denominator THEN main_pathway END AS peer_group
FROM mixed

-- Columns of mart.pathway_mix: Which pathways a service's share over all pathways consists of: one row per provider,
--     period and measure that is a share.
--   source, key: submitted.
--   provider, key: ODS code of the provider.
--   period_type, key: month, quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   measure, key: Id of the measure (mart.measure).
--   pathways: Pathways with a denominator.
--   main_pathway: The pathway with the largest denominator; of two equal ones the later code.
--   main_denominator: Denominator of that pathway.
--   denominator: Denominator of all pathways.
--   peer_group: main_pathway where it makes up 95 % or more of the denominator: the services it is compared with;
--       NULL for a mix.
