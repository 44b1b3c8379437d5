-- Images of the platforms that are asked for: `few`, and whether they are few, `scarce`. Parameters:
-- read_index_all.sql.
few AS MATERIALIZED (
    (SELECT id FROM manifest
     WHERE kind = 'image' AND coalesce(architecture, '') = ANY ($6::text[])
     LIMIT 10001)
    UNION ALL
    (SELECT id FROM manifest
     WHERE $6::text[] IS NULL AND kind = 'image' AND coalesce(os, '') = ANY ($5::text[])
     LIMIT 10001)
),
scarce AS MATERIALIZED (
    SELECT ($5::text[] IS NOT NULL OR $6::text[] IS NOT NULL) AND count(*) <= 10000 AS is_so FROM few
),
