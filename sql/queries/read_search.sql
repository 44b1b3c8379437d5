-- SPDX-License-Identifier: Apache-2.0
-- /v1/search with words:
-- $1 the query, to be echoed: text
-- $2 the words: jsonb [{"plain", "typed", "tag", "like", "whole", "near", "near_last", "is_indexed"}]: what has all of
--    them is found; if nothing has, what has most of them. A word itself, the same with the host
--    that was typed before it, a tag that the repository must have, the word escaped for LIKE, regular expressions of
--    it as a whole word, of one of its misspellings, of a misspelling as the whole name or its last component, whether
--    an index finds it (all but "plain", "like" and "is_indexed" may be missing)
-- $3 results on a page, $4 results to skip: bigint
-- Columns: generation, place, name, description, number. Place 0, always there, has the query as
-- name and the number of all results; then come the results of the page, best first, and number is
-- their pulls.
--
-- The rank of a word in a repository: 1 it is the name, 2 the last component, 3 either begins with it, 4 a word of the
-- name, 5 in the name, 6 in the title, 7 in the description, 8 in a label; with one edit: 9 the name or the last
-- component, of which a character is missing or two are swapped, 10 of which one is another or too much: such words are
-- one edit away from many names that nobody meant, for the letter could be any. 11 a word of the name, 12 of the title.
-- The worst of its words places a repository; several words that are the parts of the last component, in any order, are
-- like the last component (2). Equals are in the order of pulls.
--
-- Steps:
--   1. Each word is looked up by indexes, no further than 1,000 repositories and 5,000 labels: what has more is common.
--      What all words have that are not common is looked at, and the common words are tried on it.
--   2. One common word: its names come first. Up to 3,000 are looked up; of more the best are walked, too, the others
--      are counted up to 10,000 and follow, ranked, when the walks do not fill the page. What follows in the title, the
--      description, the labels is walked in the order of pulls, and each walk stops when the page is full: a later
--      repository has a worse rank or fewer pulls. Titles and descriptions are not walked where step 1 saw all that
--      have it. The number of results is that of names and of what step 1 saw: then it is a lower bound.
--   3. Several words, all common: each is looked up as far as 10,000 repositories and 50,000 labels.
--   4. Where no index finds a word: the 2,500 most popular repositories, and those whose names begin with it.
-- Where a word was found bounds the rank: what only fills later pages is counted, not ranked. Misspellings count when
-- what matches properly does not fill the first page: so the number of results is the same on every page. Where nothing
-- has all of the words, what has most of them is found: among what the indexes find, no more than 1,000, and the 1,000
-- most popular for words that are common.
WITH word AS MATERIALIZED (
    SELECT place, plain, typed, "like" AS pattern, "like" || '%' AS beginning, '%' || "like" || '%' AS inside, whole,
           near, near_last, is_indexed,
           -- An edit leaves one of these as it is. To look for them costs much less than the expression.
           left(plain, length(plain) / 2 - 1) AS head, substr(plain, length(plain) / 2 + 2) AS tail,
           near_keys(regexp_replace(plain, '[^a-z0-9]+', '', 'g')) AS whole_keys,
           -- An edit leaves all its parts but one as they are: the two longest are looked for.
           near_keys(parts.longest[1]) AS part_keys,
           near_keys(CASE WHEN length(parts.longest[2]) >= 4 THEN parts.longest[2] ELSE parts.longest[1] END)
               AS other_keys
    FROM ROWS FROM (jsonb_to_recordset(lower($2::text)::jsonb)
                    AS (plain text, typed text, "like" text, whole text, near text, near_last text, is_indexed boolean))
         WITH ORDINALITY AS w (plain, typed, "like", whole, near, near_last, is_indexed, place)
    CROSS JOIN LATERAL (SELECT array_agg(part ORDER BY length(part) DESC, part) AS longest
                        FROM regexp_split_to_table(plain, '[^a-z0-9]+') AS part WHERE part <> '') parts
),
wanted_tag AS MATERIALIZED ( -- their case counts
    SELECT tag FROM jsonb_to_recordset($2::jsonb) AS w (tag text) WHERE tag IS NOT NULL
),
-- The parts of several words; NULL: there is one.
part AS MATERIALIZED (
    SELECT CASE WHEN count(DISTINCT w.place) > 1 THEN array_agg(p) END AS parts
    FROM word w CROSS JOIN LATERAL regexp_split_to_table(w.plain, '[^a-z0-9]+') AS p WHERE p <> ''
),
-- What has a word, and at best where, as search_hits.sql says, or 8: a label.
seen AS MATERIALIZED (
    SELECT w.place, h.id, h.rank
    FROM word w
    CROSS JOIN LATERAL ((SELECT repository_id AS id, 8 AS rank FROM repository_label
                         WHERE value LIKE w.inside LIMIT 5001)
                        UNION ALL
                        (SELECT * FROM (
-- include search_hits.sql
                         ) r LIMIT 1001)) h
    WHERE w.is_indexed
),
-- Words that few have, and how many do.
few AS MATERIALIZED (
    SELECT w.place, count(h.id) AS hits
    FROM word w
    LEFT JOIN seen h ON h.place = w.place
    WHERE w.is_indexed
    GROUP BY w.place
    HAVING count(*) FILTER (WHERE h.rank = 8) <= 5000 AND count(*) FILTER (WHERE h.rank < 8) <= 1000
),
-- The word that is the only one, and common.
lone AS MATERIALIZED (
    SELECT * FROM word
    WHERE is_indexed AND NOT EXISTS (SELECT FROM few) AND NOT EXISTS (SELECT FROM wanted_tag)
      AND (SELECT count(*) FROM word) = 1
),
-- How many were seen that have it in the name, the title or the description. If these are all, its labels make it common.
seen_texts AS MATERIALIZED (
    SELECT count(*) AS n, count(*) <= 1000 AS are_all FROM seen WHERE rank < 8 AND EXISTS (SELECT FROM lone)
),
named AS MATERIALIZED (
    SELECT h.*
    FROM lone w
    CROSS JOIN LATERAL (SELECT id, pulls, updated, name, name = w.plain OR last_component = w.plain AS is_exact,
                               CASE WHEN last_component LIKE w.beginning OR name LIKE w.beginning THEN 3 ELSE 5 END
                                   AS rank
                        FROM repository
                        WHERE name LIKE w.inside AND tag_count > 0 AND deleted_at IS NULL
                        LIMIT 3001) h
),
name_count AS MATERIALIZED (
    SELECT count(*) AS n, count(*) > 3000 AS is_cut, count(*) FILTER (WHERE rank = 3) AS beginnings FROM named
),
-- The best names, where those that begin with it fill the page, or where there are more than were looked up.
beginning AS MATERIALIZED (
    SELECT h.id
    FROM lone w
    CROSS JOIN LATERAL (SELECT id FROM (
-- include search_popular.sql
                        ) r
                        WHERE last_component LIKE w.beginning OR name LIKE w.beginning
                        LIMIT $3::bigint + $4::bigint) h
    WHERE (SELECT is_cut FROM name_count)
),
inside AS MATERIALIZED (
    SELECT h.id
    FROM lone w
    CROSS JOIN LATERAL ((SELECT id FROM (
-- include search_popular.sql
                         ) r
                         WHERE name LIKE w.inside AND name ~ w.whole
                         LIMIT $3::bigint + $4::bigint)
                        UNION
                        (SELECT id FROM (
-- include search_popular.sql
                         ) r
                         WHERE name LIKE w.inside
                         LIMIT $3::bigint + $4::bigint)) h
    WHERE (SELECT is_cut FROM name_count) AND (SELECT count(*) FROM beginning) < $3::bigint + $4::bigint
),
-- All names of a word that more have than were looked up, no further than 10,000: for their number, and for pages
-- that the walks do not fill.
counted AS MATERIALIZED (
    SELECT h.*
    FROM lone w
    CROSS JOIN LATERAL (SELECT id, CASE WHEN last_component LIKE w.beginning OR name LIKE w.beginning THEN 3
                                        ELSE 5 END AS rank
                        FROM repository
                        WHERE name LIKE w.inside AND tag_count > 0 AND deleted_at IS NULL
                        LIMIT 10000) h
    WHERE (SELECT is_cut FROM name_count)
),
best AS MATERIALIZED (
    SELECT id FROM beginning
    UNION
    SELECT id FROM inside
    UNION
    (SELECT r.id FROM lone w CROSS JOIN LATERAL (SELECT id FROM repository WHERE name = w.plain
                                                 UNION ALL
                                                 SELECT id FROM repository WHERE last_component = w.plain) r
     WHERE (SELECT is_cut FROM name_count))
    UNION
    (SELECT id FROM named
     WHERE (SELECT NOT is_cut AND beginnings >= $3::bigint + $4::bigint FROM name_count) AND (rank = 3 OR is_exact)
     ORDER BY is_exact DESC, pulls DESC, updated DESC NULLS LAST, name
     LIMIT $3::bigint + $4::bigint)
),
-- Whether the best fill the page, and how many names are at hand.
names AS MATERIALIZED (
    SELECT b.n >= $3::bigint + $4::bigint AS are_best, greatest(b.n, c.n, name_count.n) AS n
    FROM name_count
    CROSS JOIN (SELECT count(*) AS n FROM best) b
    CROSS JOIN (SELECT count(*) AS n FROM counted) c
),
-- Whether there is anything to walk for. Not LIMIT 1: it would have the table read from its beginning.
title AS MATERIALIZED (
    SELECT count(*) > 0 AS is_there
    FROM lone w
    CROSS JOIN LATERAL (SELECT FROM repository
                        WHERE lower(title) LIKE w.inside AND name NOT LIKE w.inside
                          AND tag_count > 0 AND deleted_at IS NULL
                        LIMIT 1001) h
    WHERE (SELECT n FROM names) < $3::bigint + $4::bigint AND NOT (SELECT are_all FROM seen_texts)
),
titled AS MATERIALIZED (
    SELECT h.id, 6 AS rank
    FROM lone w
    CROSS JOIN LATERAL (SELECT id FROM (
-- include search_popular.sql
                        ) r
                        WHERE lower(title) LIKE w.inside AND name NOT LIKE w.inside
                        LIMIT $3::bigint + $4::bigint) h
    WHERE (SELECT n FROM names) < $3::bigint + $4::bigint AND (SELECT is_there FROM title)
),
described AS MATERIALIZED (
    SELECT h.id, 7 AS rank
    FROM lone w
    CROSS JOIN LATERAL (SELECT id FROM (
-- include search_popular.sql
                        ) r
                        WHERE lower(description) LIKE w.inside AND name NOT LIKE w.inside
                          AND (lower(title) LIKE w.inside) IS NOT TRUE
                        LIMIT $3::bigint + $4::bigint) h
    WHERE (SELECT n FROM names) + (SELECT count(*) FROM titled) < $3::bigint + $4::bigint
      AND NOT (SELECT are_all FROM seen_texts)
),
labelled AS MATERIALIZED (
    SELECT h.id, 8 AS rank
    FROM lone w
    CROSS JOIN LATERAL (SELECT id FROM (
-- include search_popular.sql
                        ) r
                        WHERE EXISTS (SELECT FROM repository_label
                                      WHERE repository_id = r.id AND value LIKE w.inside OFFSET 0)
                        LIMIT $3::bigint + $4::bigint) h
    -- What stands before them: each of the two counts may have missed some.
    WHERE (SELECT greatest(seen_texts.n, names.n + (SELECT count(*) FROM titled) + (SELECT count(*) FROM described))
           FROM seen_texts CROSS JOIN names) < $3::bigint + $4::bigint
),
deep AS MATERIALIZED (
    SELECT w.place, h.id, h.rank
    FROM word w
    CROSS JOIN LATERAL ((SELECT repository_id AS id, 8 AS rank FROM repository_label
                         WHERE value LIKE w.inside LIMIT 50001)
                        UNION ALL
                        (SELECT * FROM (
-- include search_hits.sql
                         ) r LIMIT 10001)) h
    WHERE w.is_indexed AND NOT EXISTS (SELECT FROM few) AND NOT EXISTS (SELECT FROM lone)
),
-- Words of which it is known what has them, and how many do.
rare AS MATERIALIZED (
    SELECT place, hits FROM few
    UNION ALL
    SELECT place, (SELECT n FROM names) FROM lone
    UNION ALL
    SELECT place, count(*) FROM deep
    GROUP BY place
    HAVING count(*) FILTER (WHERE rank = 8) <= 50000 AND count(*) FILTER (WHERE rank < 8) <= 10000
),
rare_hit AS MATERIALIZED (
    SELECT place, id, min(rank) AS rank
    FROM (SELECT place, id, rank FROM seen
          WHERE place IN (SELECT place FROM few)
             -- Where texts or the walk of labels fill the page, none of the other labels stands on it.
             OR place IN (SELECT place FROM lone)
                AND (rank < 8 OR NOT (SELECT n >= $3::bigint + $4::bigint
                                             OR are_all AND (SELECT count(*) FROM labelled) >= $3::bigint + $4::bigint
                                      FROM seen_texts))
          UNION ALL
          SELECT place, id, rank FROM deep WHERE place IN (SELECT place FROM rare)
          UNION ALL
          SELECT (SELECT place FROM lone), id, rank
          FROM (SELECT id, rank FROM named
                UNION ALL SELECT * FROM counted WHERE NOT (SELECT are_best FROM names)
                UNION ALL SELECT * FROM titled
                UNION ALL SELECT * FROM described UNION ALL SELECT * FROM labelled) n) h
    GROUP BY place, id
),
common AS MATERIALIZED (
    SELECT * FROM word WHERE place NOT IN (SELECT place FROM rare)
),
walked AS MATERIALIZED (
    (SELECT id FROM repository
     WHERE NOT EXISTS (SELECT FROM rare) AND deleted_at IS NULL
     ORDER BY pulls DESC, updated DESC NULLS LAST, name
     LIMIT 2500)
    UNION
    (SELECT named.id
     FROM word w
     CROSS JOIN LATERAL ((SELECT id FROM repository WHERE name = w.plain)
                         UNION ALL
                         (SELECT id FROM repository WHERE last_component = w.plain)
                         UNION ALL
                         (SELECT id FROM repository
                          WHERE name >= w.plain AND name < w.plain || U&'\+10FFFF' ORDER BY name LIMIT 100)
                         UNION ALL
                         (SELECT id FROM repository
                          WHERE last_component >= w.plain AND last_component < w.plain || U&'\+10FFFF'
                          ORDER BY last_component LIMIT 100)) named
     WHERE NOT EXISTS (SELECT FROM rare))
),
-- The worst of its words places a repository. Where there are several a beginning says nothing: see rank 2.
placed AS MATERIALIZED (
    SELECT id, CASE WHEN (SELECT parts IS NULL FROM part) THEN max(rank) ELSE greatest(5, max(rank)) END AS rank
    FROM rare_hit
    GROUP BY id
    HAVING count(*) = (SELECT count(*) FROM rare)
),
-- Those on the page and before it are among the ones up to this rank; NULL: more than hits must be known. All hits
-- have tags, labels too: they are those of tagged images.
enough AS MATERIALIZED (
    SELECT CASE WHEN NOT EXISTS (SELECT FROM common) AND NOT EXISTS (SELECT FROM wanted_tag) THEN (
               SELECT min(rank) FROM (SELECT rank, sum(count(*)) OVER (ORDER BY rank) AS n FROM placed GROUP BY rank) p
               WHERE n >= $3::bigint + $4::bigint) END AS rank
),
found AS MATERIALIZED (
    SELECT id FROM placed
    WHERE rank <= coalesce((SELECT rank FROM enough), 8) AND NOT (SELECT are_best FROM names)
    UNION
    SELECT id FROM best
    UNION
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
-- The word that fewest have.
way AS MATERIALIZED (
    SELECT w.place FROM word w LEFT JOIN rare ON rare.place = w.place
    ORDER BY rare.hits NULLS LAST, length(w.plain) DESC LIMIT 1
),
few_found AS MATERIALIZED (
    SELECT (SELECT rank FROM enough) IS NULL AND count(*) < $3::bigint
           AND (EXISTS (SELECT FROM word WHERE near IS NOT NULL) OR count(*) = 0 AND EXISTS (SELECT FROM word OFFSET 1))
           AS is_true,
           count(*) = 0 AS is_none
    FROM properly
),
-- What has a word misspelled: of the words that fewest have; of every word where nothing has all of them.
misspelled AS MATERIALIZED (
    SELECT h.id
    FROM word w
    CROSS JOIN LATERAL ((SELECT id FROM repository WHERE repository_keys(name, title) && w.whole_keys LIMIT 2000)
                        UNION ALL
                        (SELECT id FROM repository
                         WHERE repository_keys(name, title) && w.part_keys
                           AND repository_keys(name, title) && w.other_keys
                         LIMIT 2000)) h
    WHERE w.near IS NOT NULL AND (SELECT is_true FROM few_found)
      AND ((SELECT is_none FROM few_found) OR w.place = (SELECT place FROM way))
),
nearly AS MATERIALIZED (
    SELECT r.* FROM looked_at r
    WHERE (SELECT is_true FROM few_found) AND r.id NOT IN (SELECT id FROM properly)
    UNION ALL
    SELECT r.*
    FROM ((SELECT id FROM rare_hit
           WHERE (SELECT is_true FROM few_found)
             AND ((SELECT is_none FROM few_found) OR place = (SELECT place FROM way))
           GROUP BY id
           ORDER BY count(*) DESC, max(rank), id
           LIMIT 1000)
          UNION
          (SELECT id FROM repository
           WHERE (SELECT is_true AND is_none FROM few_found) AND EXISTS (SELECT FROM common) AND deleted_at IS NULL
           ORDER BY pulls DESC, updated DESC NULLS LAST, name
           LIMIT 1000)
          UNION
          SELECT id FROM misspelled) f
    CROSS JOIN LATERAL (
-- include search_repository.sql
    ) r
    WHERE (SELECT is_true FROM few_found) AND f.id NOT IN (SELECT id FROM looked_at)
),
-- NULL, a word that does not match, is no match.
scored AS MATERIALIZED (
    SELECT r.id, r.pulls, r.updated, r.name, count(score.rank) AS n_words,
           CASE WHEN count(score.rank) = count(*) AND p.parts @> string_to_array(r.last_parts, ' ')
                     AND string_to_array(r.name_parts, ' ') @> p.parts
                THEN least(2, max(score.rank)) ELSE max(score.rank) END AS rank
    FROM (SELECT s.*, regexp_replace(last_component, '[^a-z0-9]+', ' ', 'g') AS last_parts,
                 regexp_replace(name, '[^a-z0-9]+', ' ', 'g') AS name_parts
          FROM (SELECT * FROM properly UNION ALL SELECT * FROM nearly) s) r
    CROSS JOIN part p
    CROSS JOIN word w
    CROSS JOIN LATERAL (SELECT CASE
        WHEN r.name = w.plain OR r.name = w.typed THEN 1
        WHEN r.last_component = w.plain THEN 2
        WHEN r.last_component LIKE w.beginning OR r.name LIKE w.beginning THEN 3
        WHEN r.name LIKE w.inside THEN CASE WHEN r.name ~ w.whole THEN 4 ELSE 5 END
        WHEN r.title LIKE w.inside THEN 6
        WHEN r.description LIKE w.inside THEN 7
        WHEN (w.place, r.id) IN (SELECT place, id FROM rare_hit) OR r.labels LIKE w.inside THEN 8
        WHEN strpos(r.name, w.head) > 0 OR strpos(r.name, w.tail) > 0
            THEN CASE WHEN r.name ~ w.near_last THEN CASE WHEN EXISTS (
                          SELECT FROM (SELECT '/' || r.name AS name, '/' || w.plain AS plain, length(w.plain) AS n) s
                          CROSS JOIN LATERAL generate_series(2, s.n + 2) AS i
                          WHERE overlay(right(s.name, s.n + 2) PLACING '' FROM i FOR 1) = s.plain
                             OR overlay(right(s.name, s.n + 1) PLACING reverse(substr(right(s.name, s.n + 1), i, 2))
                                        FROM i FOR 2) = s.plain) THEN 9 ELSE 10 END
                      WHEN r.name ~ w.near THEN 11
                      WHEN r.title ~ w.near THEN 12 END
        WHEN (strpos(r.title, w.head) > 0 OR strpos(r.title, w.tail) > 0) AND r.title ~ w.near THEN 12
        END AS rank OFFSET 0) score -- or it would be reckoned twice
    GROUP BY r.id, r.pulls, r.updated, r.name, r.last_parts, r.name_parts, p.parts
),
-- Names of a common word that no walk came to stand behind those that the walks gave, which fill the pages before.
ranked AS MATERIALIZED (
    SELECT s.*, rank <= 5 AND (SELECT is_cut FROM name_count) AND id NOT IN (SELECT id FROM best) AS is_beyond
    FROM scored s
    WHERE n_words > 0 AND n_words = (SELECT max(n_words) FROM scored)
),
-- Of one common word what was looked up and counted, whichever page is asked for.
total AS MATERIALIZED (
    SELECT CASE WHEN EXISTS (SELECT FROM lone)
                THEN (SELECT count(*) FROM (SELECT id FROM named UNION SELECT id FROM counted
                                           UNION SELECT id FROM seen) n)
                ELSE (SELECT count(*) FROM ranked)
                     + (SELECT count(*) FROM placed WHERE rank > (SELECT rank FROM enough)) END AS n
),
page AS (
    SELECT id, row_number() OVER (ORDER BY rank > 5, is_beyond, rank, pulls DESC, updated DESC NULLS LAST, name)
                   AS place
    FROM ranked
    ORDER BY place
    LIMIT least($3::bigint, greatest(0, (SELECT n FROM total) - $4::bigint)) OFFSET $4::bigint
)
SELECT generation, 0 AS place, $1::text COLLATE "C" AS name, NULL AS description, (SELECT n FROM total) AS number
FROM state
UNION ALL
SELECT (SELECT generation FROM state), page.place, r.name, r.description, r.pulls
FROM page JOIN repository r ON r.id = page.id
ORDER BY place
