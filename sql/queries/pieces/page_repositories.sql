-- The pages /r/ and /r/<prefix>/ from `list`, their repositories. Parameters: read_page_repositories_by_name.sql.
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'all_below', below.repositories,
           'is_repository', named.is_there,
           'was_there', NOT named.is_there,
           'were_below', below.repositories = 0
                         AND EXISTS (SELECT FROM repository r
                                     WHERE r.name >= $8::text AND r.name < $8::text || U&'\+10FFFF'
                                       AND r.deleted_at IS NOT NULL),
           'nearest', (SELECT nearest.names
                       FROM (SELECT left($8::text, -1) AS name
                             WHERE below.repositories = 0 AND $8::text <> '' AND named.is_there IS NOT TRUE) asked
                       CROSS JOIN LATERAL (
-- include page_nearest.sql
                       ) nearest (names)),
           -- All repositories below are shown without the namespaces that they are in.
           'namespaces', CASE WHEN $10::boolean THEN (
               WITH list AS MATERIALIZED (
-- include read_namespaces_by_size.sql with $13 $14 $12 $15 $15 $16 $8
               )
-- include page_rows.sql
           ) END,
           'repositories', (
-- include page_rows.sql
           )) AS body
FROM state s
CROSS JOIN LATERAL (SELECT count(*) AS repositories
                    FROM repository r
                    WHERE r.deleted_at IS NULL
                      AND r.name >= $8::text AND r.name < $8::text || U&'\+10FFFF'
                      AND (r.tag_count > 0
                           OR EXISTS (SELECT FROM repository_manifest h
                                      WHERE h.repository_id = r.id OFFSET 0))) below
-- Of a prefix below which there is nothing: it may be the name of a repository, or have been one.
LEFT JOIN LATERAL (SELECT deleted_at IS NULL AS is_there
                   FROM repository
                   WHERE below.repositories = 0 AND name = left($8::text, -1) OFFSET 0) named ON true
