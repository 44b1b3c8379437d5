-- From `asked` everything that is found: `result`, and `counted`. Parameters: read_find.sql.
-- include find_items.sql
-- Repositories that have a word in their labels, found by an index once for all; where that leads to very many, or
-- the word is too short for it, each repository's own labels are read instead.
labelled AS MATERIALIZED (
    SELECT t."like", l.repository_id
    FROM term t
    CROSS JOIN LATERAL (SELECT repository_id FROM repository_label WHERE value LIKE t."like" LIMIT 10001) l
    WHERE t.kind = 'word' AND length(t.plain) > 2 AND NOT (SELECT has_filters FROM flag)
),
labelled_word AS MATERIALIZED (
    SELECT t."like"
    FROM (SELECT DISTINCT "like" FROM term WHERE kind = 'word' AND length(plain) > 2) t
    WHERE (SELECT count(*) FROM labelled l WHERE l."like" = t."like") <= 10000
),
-- A repository is found by its words; where there are other terms, by what is in it. The worst of its words
-- places it.
found_repository AS MATERIALIZED (
    SELECT r.id, r.name, r.pulls, r.updated,
           (SELECT coalesce(max(CASE WHEN r.name = t.plain THEN 1
                                     WHEN r.last_component = t.plain THEN 2
                                     WHEN r.last_component LIKE t.prefix OR r.name LIKE t.prefix THEN 3
                                     WHEN r.name LIKE t."like" THEN CASE WHEN r.name ~ t.whole THEN 4 ELSE 5 END
                                     WHEN r.title LIKE t."like" THEN 6
                                     WHEN r.description LIKE t."like" THEN 7
                                     ELSE 8 END), 9)
            FROM term t
            WHERE t.kind = 'word' AND NOT t.is_not) AS rank
    FROM (SELECT id, name, last_component, pulls, updated, title, description
          FROM (SELECT * FROM named_repository UNION ALL SELECT * FROM chosen) c
          WHERE NOT (SELECT has_filters FROM flag) AND c.tag_count > 0
            AND NOT EXISTS (
                SELECT FROM term t
                WHERE t.is_not = coalesce(c.name LIKE t."like" OR c.title LIKE t."like" OR c.description LIKE t."like"
                        OR CASE WHEN t."like" IN (SELECT "like" FROM labelled_word)
                                THEN (t."like", c.id) IN (SELECT "like", repository_id FROM labelled)
                                ELSE EXISTS (SELECT FROM (SELECT value FROM repository_label
                                                          WHERE repository_id = c.id OFFSET 0) l
                                             WHERE l.value LIKE t."like") END, false))
          UNION ALL
          SELECT r.id, r.name, r.last_component, r.pulls, r.updated, lower(r.title), lower(r.description)
          FROM (SELECT DISTINCT repository_id AS id FROM item) i
          CROSS JOIN LATERAL (SELECT * FROM repository WHERE id = i.id OFFSET 0) r
          WHERE (SELECT has_filters FROM flag)
          OFFSET 0) r
    LIMIT (SELECT most + 1 FROM bound)
),
-- The best of its terms places a manifest; one that is found by its repository only is not listed beside it.
result AS MATERIALIZED (
    SELECT 'repository' AS type, r.id AS repository_id, r.name, r.pulls, r.updated,
           NULL::bigint AS manifest_id, NULL::bytea AS digest,
           (ARRAY[1, 0.98, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.45])[r.rank] AS score,
           (ARRAY['name', 'name', 'name', 'name', 'name', 'title', 'description', 'label',
                  'content'])[r.rank] AS match
    FROM (SELECT * FROM found_repository LIMIT (SELECT most FROM bound)) r
    WHERE coalesce($11::text, 'repository') = 'repository'
    UNION ALL
    SELECT i.kind, i.repository_id, i.name, i.pulls, i.updated, i.manifest_id, i.digest,
           (ARRAY[0.99, 0.92, 0.71, 0.7, 0.65, 0.55, 0.48, 0.4, 0.37, 0.35, 0.3])[i.rank],
           (ARRAY['digest', 'tag', 'label', 'annotation', 'title', 'description', 'label', 'platform',
                  'package', 'kind', 'content'])[i.rank]
    FROM item i
    WHERE coalesce($11::text, i.kind) = i.kind
),
counted AS MATERIALIZED (
    SELECT (SELECT count(*) FROM result) AS total,
           is_cut OR coalesce($11::text, 'repository') = 'repository' AND (SELECT count(*) FROM found_repository) > most AS is_cut
    FROM bounds CROSS JOIN bound
),
