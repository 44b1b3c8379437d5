-- SPDX-License-Identifier: Apache-2.0
-- /v1/search with words. Called by reader/api_search.c; the words come from there:
-- $1 the query, to be echoed: text
-- $2 the words, all must match: jsonb [{"plain", "like", "whole", "near"}]: a word itself, escaped
--    for LIKE, a regular expression of it as a whole word, one of its misspellings (the last two
--    may be missing)
-- $3 the longest of them, escaped for LIKE, and $4 its misspellings (or NULL): what is looked up
-- $5 results on a page, $6 results to skip: bigint
-- Columns: generation, place, name, description, number. Place 0, always there, has the query as
-- name and the number of all results; then come the results of the page, best first, and number is
-- their pulls.
--
-- Misspellings count when what matches properly does not fill the first page: so the number of
-- results is the same on every page.
WITH word AS MATERIALIZED (
    SELECT plain, "like", whole, near
    FROM jsonb_to_recordset(lower($2::text)::jsonb)
         AS w (plain text, "like" text, whole text, near text)
),
found AS MATERIALIZED (
    SELECT id FROM repository
    WHERE name LIKE '%' || lower($3::text) || '%'
    UNION
    SELECT id FROM repository
    WHERE lower(coalesce(title, '') || ' ' || coalesce(description, ''))
          LIKE '%' || lower($3::text) || '%'
    UNION
    SELECT repository_id FROM repository_label
    WHERE value LIKE '%' || lower($3::text) || '%'
),
properly AS MATERIALIZED (
    SELECT r.id
    FROM found JOIN repository r ON r.id = found.id
    WHERE r.tag_count > 0 AND r.deleted_at IS NULL
      AND NOT EXISTS (
          SELECT FROM word w
          WHERE r.name NOT LIKE '%' || w."like" || '%'
            AND lower(coalesce(r.title, '') || ' ' || coalesce(r.description, ''))
                NOT LIKE '%' || w."like" || '%'
            AND NOT EXISTS (SELECT FROM repository_label l
                            WHERE l.repository_id = r.id AND l.value LIKE '%' || w."like" || '%'))
),
candidate AS MATERIALIZED (
    SELECT id FROM properly
    UNION
    SELECT found.id FROM found
    WHERE (SELECT count(*) FROM properly) < $5::bigint
    UNION
    SELECT r.id FROM repository r
    WHERE (SELECT count(*) FROM properly) < $5::bigint
      AND r.tag_count > 0
      AND (r.name ~ lower($4::text) OR lower(r.title) ~ lower($4::text))
),
-- The worst of its words places a repository. NULL, a word that does not match, is no match.
ranked AS MATERIALIZED (
    SELECT r.id, max(score.rank) AS rank
    FROM candidate
    JOIN repository r ON r.id = candidate.id
    CROSS JOIN word w
    CROSS JOIN LATERAL (SELECT CASE
        WHEN r.name = w.plain THEN 1
        WHEN r.last_component = w.plain THEN 2
        WHEN r.last_component LIKE w."like" || '%' OR r.name LIKE w."like" || '%' THEN 3
        WHEN r.name ~ w.whole THEN 4
        WHEN r.name LIKE '%' || w."like" || '%' THEN 5
        WHEN lower(r.title) LIKE '%' || w."like" || '%' THEN 6
        WHEN lower(r.description) LIKE '%' || w."like" || '%' THEN 7
        WHEN EXISTS (SELECT FROM repository_label l
                     WHERE l.repository_id = r.id AND l.value LIKE '%' || w."like" || '%') THEN 8
        WHEN r.name ~ w.near OR lower(r.title) ~ w.near THEN 9
        END AS rank) score
    WHERE r.tag_count > 0 AND r.deleted_at IS NULL
    GROUP BY r.id
    HAVING count(score.rank) = count(*)
),
page AS (
    SELECT row_number() OVER (ORDER BY ranked.rank, r.pulls DESC, r.updated DESC NULLS LAST, r.name)
               AS place,
           r.name, r.description, r.pulls
    FROM ranked JOIN repository r ON r.id = ranked.id
    ORDER BY place
    LIMIT $5::bigint OFFSET $6::bigint
)
SELECT generation, 0 AS place, $1::text COLLATE "C" AS name, NULL AS description,
       (SELECT count(*) FROM ranked) AS number
FROM state
UNION ALL
SELECT (SELECT generation FROM state), place, name, description, pulls FROM page
ORDER BY place
