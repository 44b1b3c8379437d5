-- SPDX-License-Identifier: Apache-2.0
-- /v1/search with words:
-- $1 the query, to be echoed: text
-- $2 the words, all must match: jsonb [{"plain", "typed", "tag", "like", "whole", "near"}]: a word itself,
--    the same with the host that was typed before it, a tag that the repository must have, the word
--    escaped for LIKE, a regular expression of it as a whole word, one of its misspellings (all but
--    "plain" and "like" may be missing)
-- $3 the longest of them, escaped for LIKE; $4 the same, or NULL if it has no misspellings
-- $5 results on a page, $6 results to skip: bigint
-- Columns: generation, place, name, description, number. Place 0, always there, has the query as
-- name and the number of all results; then come the results of the page, best first, and number is
-- their pulls.
--
-- The longest word is looked up, the others are tried on what has it. Misspellings count when what
-- matches properly does not fill the first page: so the number of results is the same on every page.
WITH word AS MATERIALIZED (
    SELECT plain, typed, "like" || '%' AS beginning, '%' || "like" || '%' AS inside, whole, near,
           "like" = lower($3::text) AS is_longest,
           -- An edit leaves one of these as it is. To look for them costs much less than the expression.
           left(plain, length(plain) / 2 - 1) AS head, substr(plain, length(plain) / 2 + 2) AS tail
    FROM jsonb_to_recordset(lower($2::text)::jsonb)
         AS w (plain text, typed text, "like" text, whole text, near text)
),
wanted_tag AS MATERIALIZED ( -- their case counts
    SELECT tag FROM jsonb_to_recordset($2::jsonb) AS w (tag text) WHERE tag IS NOT NULL
),
found AS MATERIALIZED (
    SELECT r.*
    FROM (SELECT id FROM repository
          WHERE name LIKE '%' || lower($3::text) || '%'
             OR lower(title) LIKE '%' || lower($3::text) || '%'
             OR lower(description) LIKE '%' || lower($3::text) || '%'
          UNION
          SELECT repository_id FROM repository_label
          WHERE value LIKE '%' || lower($3::text) || '%') id
    CROSS JOIN LATERAL (
        SELECT id, name, last_component, lower(title) AS title, lower(description) AS description,
               pulls, updated
        FROM repository
        WHERE id = id.id AND tag_count > 0 AND deleted_at IS NULL OFFSET 0
    ) r
    WHERE NOT EXISTS (SELECT FROM wanted_tag w
                      WHERE NOT EXISTS (SELECT FROM tag
                                        WHERE repository_id = r.id AND name = w.tag OFFSET 0))
),
properly AS MATERIALIZED (
    SELECT r.id
    FROM found r
    WHERE NOT EXISTS (
        SELECT FROM word w
        WHERE NOT w.is_longest AND r.name NOT LIKE w.inside
          AND (r.title LIKE w.inside OR r.description LIKE w.inside) IS NOT TRUE
          AND NOT EXISTS (SELECT FROM (SELECT value FROM repository_label
                                       WHERE repository_id = r.id OFFSET 0) l
                          WHERE l.value LIKE w.inside))
),
few AS MATERIALIZED (
    SELECT count(*) < $5::bigint AS are_few FROM properly
),
candidate AS MATERIALIZED (
    SELECT *, true AS is_found FROM found
    WHERE (SELECT are_few FROM few) OR id IN (SELECT id FROM properly)
    UNION ALL
    SELECT id, name, last_component, lower(title), lower(description), pulls, updated, false
    FROM repository
    WHERE (SELECT are_few FROM few) AND id NOT IN (SELECT id FROM found)
      AND tag_count > 0 AND deleted_at IS NULL
      AND NOT EXISTS (SELECT FROM wanted_tag w
                      WHERE NOT EXISTS (SELECT FROM tag
                                        WHERE repository_id = repository.id AND name = w.tag OFFSET 0))
      AND near_keys(name || ' ' || coalesce(lower(title), '')) && near_keys(lower($4::text))
),
-- The worst of its words places a repository. NULL, a word that does not match, is no match.
ranked AS MATERIALIZED (
    SELECT r.id, r.pulls, r.updated, r.name, max(score.rank) AS rank
    FROM candidate r
    CROSS JOIN word w
    CROSS JOIN LATERAL (SELECT CASE
        WHEN r.name = w.plain OR r.name = w.typed THEN 1
        WHEN r.last_component = w.plain THEN 2
        WHEN r.last_component LIKE w.beginning OR r.name LIKE w.beginning THEN 3
        WHEN r.name LIKE w.inside THEN CASE WHEN r.name ~ w.whole THEN 4 ELSE 5 END
        WHEN r.title LIKE w.inside THEN 6
        WHEN r.description LIKE w.inside THEN 7
        WHEN w.is_longest AND r.is_found THEN 8
        WHEN NOT w.is_longest
             AND EXISTS (SELECT FROM (SELECT value FROM repository_label
                                      WHERE repository_id = r.id OFFSET 0) l
                         WHERE l.value LIKE w.inside) THEN 8
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
    LIMIT $5::bigint OFFSET $6::bigint
)
SELECT generation, 0 AS place, $1::text COLLATE "C" AS name, NULL AS description,
       (SELECT count(*) FROM ranked) AS number
FROM state
UNION ALL
SELECT (SELECT generation FROM state), page.place, r.name, r.description, r.pulls
FROM page JOIN repository r ON r.id = page.id
ORDER BY place
