-- work.organisation_pathway
-- Grain: one row per level, organisation and pathway it has ('all': always).
-- Every provider with a submission is there, also one that reported no patients.
CREATE TABLE work.organisation_pathway AS
SELECT 'England' AS level, 'ENG' AS organisation, 'all' AS pathway
UNION
SELECT 'provider', current_provider, 'all' FROM ref.provider_place
UNION
SELECT level, organisation, 'all' FROM work.place
UNION
SELECT p.level, p.organisation, k.pathway
FROM work.place AS p
INNER JOIN work.count_key AS k
    ON k.provider = p.provider AND k.commissioner = p.commissioner AND k.site = p.site
