-- SPDX-License-Identifier: Apache-2.0
-- /v1/search with words:
-- $1 the query, to be echoed: text
-- $2 the words, all must match: jsonb [{"plain", "typed", "tag", "like", "whole", "near", "is_indexed"}]: a word
--    itself, the same with the host that was typed before it, a tag that the repository must have, the word
--    escaped for LIKE, a regular expression of it as a whole word, one of its misspellings, whether an index
--    finds it (all but "plain", "like" and "is_indexed" may be missing)
-- $3 results on a page, $4 results to skip: bigint
-- Columns: generation, place, name, description, number. Place 0, always there, has the query as
-- name and the number of all results; then come the results of the page, best first, and number is
-- their pulls.
--
-- Each word is looked up by indexes; what has all of those is looked at that no more than 10,000 names and texts and
-- 50,000 labels have, and the other words are tried on it. Where there is no such word the 10,000 most popular
-- repositories are looked at. Where a word was found bounds the rank: what only fills later pages is counted, not
-- ranked. Misspellings count when what matches properly does not fill the first page: so the number of results is the
-- same on every page.
WITH word AS MATERIALIZED (
    SELECT place, plain, typed, "like" AS pattern, "like" || '%' AS beginning, '%' || "like" || '%' AS inside, whole,
           near, is_indexed,
           -- An edit leaves one of these as it is. To look for them costs much less than the expression.
           left(plain, length(plain) / 2 - 1) AS head, substr(plain, length(plain) / 2 + 2) AS tail
    FROM ROWS FROM (jsonb_to_recordset(lower($2::text)::jsonb)
                    AS (plain text, typed text, "like" text, whole text, near text, is_indexed boolean))
         WITH ORDINALITY AS w (plain, typed, "like", whole, near, is_indexed, place)
),
wanted_tag AS MATERIALIZED ( -- their case counts
    SELECT tag FROM jsonb_to_recordset($2::jsonb) AS w (tag text) WHERE tag IS NOT NULL
),
-- What has a word, and at best where: 5 in its name, 6 its title, 7 its description, 8 a label.
hit AS MATERIALIZED (
    SELECT w.place, h.id, h.rank
    FROM word w
    CROSS JOIN LATERAL ((SELECT repository_id AS id, 8 AS rank FROM repository_label
                         WHERE value LIKE w.inside LIMIT 50001)
                        UNION ALL
                        (SELECT id, CASE WHEN name LIKE w.inside THEN 5 WHEN lower(title) LIKE w.inside THEN 6 ELSE 7 END
                         FROM repository
                         WHERE (name LIKE w.inside OR lower(title) LIKE w.inside OR lower(description) LIKE w.inside)
                           AND tag_count > 0 AND deleted_at IS NULL
                         LIMIT 10001)) h
    WHERE w.is_indexed
),
-- Words that few have, and how many do.
rare AS MATERIALIZED (
    SELECT w.place, count(h.id) AS hits
    FROM word w
    LEFT JOIN hit h ON h.place = w.place
    WHERE w.is_indexed
    GROUP BY w.place
    HAVING count(*) FILTER (WHERE h.rank = 8) <= 50000 AND count(*) FILTER (WHERE h.rank < 8) <= 10000
),
rare_hit AS MATERIALIZED (
    SELECT place, id, min(rank) AS rank FROM hit WHERE place IN (SELECT place FROM rare) GROUP BY place, id
),
common AS MATERIALIZED (
    SELECT * FROM word WHERE place NOT IN (SELECT place FROM rare)
),
walked AS MATERIALIZED (
    (SELECT id FROM repository
     WHERE NOT EXISTS (SELECT FROM rare) AND deleted_at IS NULL
     ORDER BY pulls DESC, updated DESC NULLS LAST, name
     LIMIT 10000)
    UNION
    (SELECT named.id
     FROM word w
     CROSS JOIN LATERAL ((SELECT id FROM repository
                          WHERE name >= w.plain AND name < w.plain || U&'\+10FFFF' ORDER BY name LIMIT 100)
                         UNION ALL
                         (SELECT id FROM repository WHERE name LIKE '%/' || w.pattern LIMIT 100)) named
     WHERE NOT EXISTS (SELECT FROM rare))
),
-- A word by which repositories are found: properly, or misspelled.
way AS MATERIALIZED (
    SELECT w.place, w.plain, w.near
    FROM word w
    LEFT JOIN rare ON rare.place = w.place
    ORDER BY rare.hits NULLS LAST, length(w.plain) DESC
    LIMIT 1
),
-- The worst of its words places a repository.
placed AS MATERIALIZED (
    SELECT id, max(rank) AS rank FROM rare_hit GROUP BY id HAVING count(*) = (SELECT count(*) FROM rare)
),
-- Those on the page and before it are among the ones up to this rank; NULL: more than hits must be known. All hits
-- have tags, labels too: they are those of tagged images.
enough AS MATERIALIZED (
    SELECT CASE WHEN NOT EXISTS (SELECT FROM common) AND NOT EXISTS (SELECT FROM wanted_tag) THEN (
               SELECT min(rank) FROM (SELECT rank, sum(count(*)) OVER (ORDER BY rank) AS n FROM placed GROUP BY rank) p
               WHERE n >= $3::bigint + $4::bigint) END AS rank
),
found AS MATERIALIZED (
    SELECT id FROM placed WHERE rank <= coalesce((SELECT rank FROM enough), 8)
    UNION ALL
    SELECT id FROM walked
),
looked_at AS MATERIALIZED (
    SELECT r.*
    FROM found f
    CROSS JOIN LATERAL (
-- include search_repository.sql
    ) r
),
properly AS MATERIALIZED (
    SELECT r.*
    FROM looked_at r
    WHERE NOT EXISTS (SELECT FROM common w
                      WHERE (r.name LIKE w.inside OR r.title LIKE w.inside OR r.description LIKE w.inside
                             OR r.labels LIKE w.inside) IS NOT TRUE)
),
few AS MATERIALIZED (
    SELECT (SELECT rank FROM enough) IS NULL AND count(*) < $3::bigint AND EXISTS (SELECT FROM word WHERE near IS NOT NULL) AS are_few FROM properly
),
nearly AS MATERIALIZED (
    SELECT r.* FROM looked_at r
    WHERE (SELECT are_few FROM few) AND r.id NOT IN (SELECT id FROM properly)
    UNION ALL
    SELECT r.*
    FROM (SELECT id FROM rare_hit WHERE place = (SELECT place FROM way)
          UNION
          SELECT id FROM repository
          WHERE near_keys(name || ' ' || coalesce(lower(title), ''))
                && near_keys((SELECT plain FROM way WHERE near IS NOT NULL))) f
    CROSS JOIN LATERAL (
-- include search_repository.sql
    ) r
    WHERE (SELECT are_few FROM few) AND f.id NOT IN (SELECT id FROM looked_at)
),
-- NULL, a word that does not match, is no match.
ranked AS MATERIALIZED (
    SELECT r.id, r.pulls, r.updated, r.name, max(score.rank) AS rank
    FROM (SELECT * FROM properly UNION ALL SELECT * FROM nearly) r
    CROSS JOIN word w
    LEFT JOIN rare_hit h ON h.place = w.place AND h.id = r.id
    CROSS JOIN LATERAL (SELECT CASE
        WHEN r.name = w.plain OR r.name = w.typed THEN 1
        WHEN r.last_component = w.plain THEN 2
        WHEN r.last_component LIKE w.beginning OR r.name LIKE w.beginning THEN 3
        WHEN r.name LIKE w.inside THEN CASE WHEN r.name ~ w.whole THEN 4 ELSE 5 END
        WHEN r.title LIKE w.inside THEN 6
        WHEN r.description LIKE w.inside THEN 7
        WHEN h.id IS NOT NULL OR r.labels LIKE w.inside THEN 8
        WHEN (strpos(r.name, w.head) > 0 OR strpos(r.name, w.tail) > 0) AND r.name ~ w.near
             OR (strpos(r.title, w.head) > 0 OR strpos(r.title, w.tail) > 0) AND r.title ~ w.near THEN 9
        END AS rank OFFSET 0) score -- or it would be reckoned twice
    GROUP BY r.id, r.pulls, r.updated, r.name
    HAVING count(score.rank) = count(*)
),
page AS (
    SELECT id, row_number() OVER (ORDER BY rank, pulls DESC, updated DESC NULLS LAST, name) AS place
    FROM ranked
    ORDER BY place
    LIMIT $3::bigint OFFSET $4::bigint
)
SELECT generation, 0 AS place, $1::text COLLATE "C" AS name, NULL AS description,
       (SELECT count(*) FROM ranked)
           + (SELECT count(*) FROM placed WHERE rank > (SELECT rank FROM enough)) AS number
FROM state
UNION ALL
SELECT (SELECT generation FROM state), page.place, r.name, r.description, r.pulls
FROM page JOIN repository r ON r.id = page.id
ORDER BY place
