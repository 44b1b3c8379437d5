-- The pages /r/ and /r/<prefix>/ from `list`, their repositories. Parameters: read_page_repositories_by_name.sql.
SELECT s.generation,
-- include page_truth.sql
       json_build_object(
           'all_below', (SELECT count(*) FROM repository r
                         WHERE r.deleted_at IS NULL
                           AND r.name >= $8::text AND r.name < $8::text || U&'\+10FFFF'
                           AND (r.tag_count > 0
                                OR EXISTS (SELECT FROM repository_manifest h
                                           WHERE h.repository_id = r.id OFFSET 0))),
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
