    -- One facet, counted as if the question did not filter by it: what else could be chosen in the place of what is.
    -- $14 to $17 the question without its terms os:, as of read_find.sql; $18 to $21 without arch:; $22 to $25 without
    -- the label $12. Terms that are NULL: the question does not filter by it, and nothing is asked. As much is looked at as
    -- of the page's own `asked`.
    SELECT json_object_agg(alone.facet, alone.counted)
    FROM (SELECT without.facet, (
              WITH asked AS MATERIALIZED (
                  SELECT without.terms, without.way, without.key, without.value, false AS is_ranked, NULL AS type,
                         page.most, page.most_walked, page.most_looked
                  FROM asked page
              ),
-- include find_items.sql
              image AS MATERIALIZED (
                  SELECT DISTINCT manifest_id AS id, os, architecture FROM item WHERE kind = 'image'
              )
              SELECT json_build_object('truncated', (SELECT is_cut FROM bounds), 'counts', (
                  SELECT json_agg(row_to_json(f))
                  FROM (SELECT v.value, count(*) AS images
                        FROM (SELECT CASE without.facet WHEN 'os' THEN os ELSE architecture END AS value
                              FROM image WHERE without.facet <> 'label_values'
                              UNION ALL
                              SELECT l.value
                              FROM image
                              CROSS JOIN LATERAL (SELECT DISTINCT value FROM label
                                                  WHERE manifest_id = image.id AND key = $12::text OFFSET 0) l
                              WHERE without.facet = 'label_values') v
                        WHERE v.value <> ''
                        GROUP BY v.value ORDER BY 2 DESC, 1 LIMIT 100) f))
          ) AS counted
          FROM (VALUES ('os', $14::jsonb, $15::text, $16::text, $17::text),
                       ('architecture', $18::jsonb, $19::text, $20::text, $21::text),
                       ('label_values', $22::jsonb, $23::text, $24::text, $25::text))
               AS without (facet, terms, way, key, value)
          WHERE without.terms IS NOT NULL
          OFFSET 0) alone
