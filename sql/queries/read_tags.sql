-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags. Called by reader/api/tags.c; $1 to $7 as in reader/api/paging.h:
-- $1 sort: text, one of name, pulls, size, updated
-- $2 number and $3 text of the cursor: bigint, text; NULL: from the end of the list
-- $4 rows on a page: bigint    $5 walk against the statement's own order: boolean
-- $6 the rows walked are to be shown in reverse: boolean    $7 count all rows: boolean
-- $8 repository: text    $9 LIKE pattern of tags: text, NULL: all
-- $10 hidden tags (fallback tags, cosign's) too: boolean
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
--
-- The statement's own order: by name, or by a number, the largest first, and then by name. Each way to
-- walk is a branch of its own with a plan of its own, and only one of them is executed. Sizes are
-- measured for the tags shown, and for all of them only when they give the order. What belongs to a tag
-- is looked up for each by a whole key: OFFSET 0 keeps the planner from joining large tables, which it
-- would do when one repository holds most of them.
WITH repo AS MATERIALIZED (
    SELECT id FROM repository WHERE name = $8::text AND deleted_at IS NULL
),
listed AS NOT MATERIALIZED (
    SELECT t.name, t.manifest_id, t.pulls, t.updated,
           (extract(epoch FROM t.updated) * 1000000)::bigint AS updated_us
    FROM tag t
    WHERE t.repository_id = (SELECT id FROM repo)
      AND ($10::boolean OR NOT t.hidden)
      -- CASE: to the planner a filter that may be none must not look as if it left nothing.
      AND CASE WHEN $9::text IS NULL THEN true ELSE t.name LIKE $9::text END
),
indexed AS MATERIALIZED (
    (SELECT name, manifest_id, 0::bigint AS number, row_number() OVER (ORDER BY name) AS place
     FROM listed
     WHERE $1::text = 'name' AND NOT $5::boolean AND name > coalesce($3::text, '')
     ORDER BY name
     LIMIT $4::bigint + 1)
    UNION ALL
    (SELECT name, manifest_id, 0, row_number() OVER (ORDER BY name DESC)
     FROM listed
     WHERE $1::text = 'name' AND $5::boolean AND name < coalesce($3::text, U&'\+10FFFF')
     ORDER BY name DESC
     LIMIT $4::bigint + 1)
    UNION ALL
    -- to_timestamp() counts in floating point: it is for the index, a second too wide. The large number
    -- is the first day of year 1: earlier times than PostgreSQL's could be asked for (and greatest()
    -- leaves NULL out).
    (SELECT name, manifest_id, updated_us, row_number() OVER (ORDER BY updated DESC, name)
     FROM listed
     WHERE $1::text = 'updated' AND NOT $5::boolean
       AND updated <= to_timestamp(greatest(coalesce($2::bigint, 9223372036854775807) / 1000000,
                                            -62135596800) + 1)
       AND ($2::bigint IS NULL OR updated_us < $2::bigint
            OR updated_us = $2::bigint AND name > $3::text)
     ORDER BY updated DESC, name
     LIMIT $4::bigint + 1)
    UNION ALL
    (SELECT name, manifest_id, updated_us, row_number() OVER (ORDER BY updated, name DESC)
     FROM listed
     WHERE $1::text = 'updated' AND $5::boolean
       AND updated >= to_timestamp(greatest($2::bigint / 1000000, -62135596800) - 1)
       AND ($2::bigint IS NULL OR updated_us > $2::bigint
            OR updated_us = $2::bigint AND name < $3::text)
     ORDER BY updated, name DESC
     LIMIT $4::bigint + 1)
    UNION ALL
    (SELECT name, manifest_id, pulls, row_number() OVER (ORDER BY pulls DESC, name)
     FROM listed
     WHERE $1::text = 'pulls' AND NOT $5::boolean
       AND ($2::bigint IS NULL OR pulls < $2::bigint OR pulls = $2::bigint AND name > $3::text)
     ORDER BY pulls DESC, name
     LIMIT $4::bigint + 1)
    UNION ALL
    (SELECT name, manifest_id, pulls, row_number() OVER (ORDER BY pulls, name DESC)
     FROM listed
     WHERE $1::text = 'pulls' AND $5::boolean
       AND ($2::bigint IS NULL OR pulls > $2::bigint OR pulls = $2::bigint AND name < $3::text)
     ORDER BY pulls, name DESC
     LIMIT $4::bigint + 1)
),
measured AS MATERIALIZED (
    SELECT top.manifest_id, total.bytes AS size
    FROM (SELECT manifest_id, ARRAY(SELECT id FROM repo) AS repositories
          FROM (SELECT manifest_id FROM indexed
                UNION
                SELECT manifest_id FROM listed WHERE $1::text = 'size') shown) top
    CROSS JOIN LATERAL (
-- include total_size.sql
    ) total
),
sized AS NOT MATERIALIZED (
    SELECT l.name, l.manifest_id, least(coalesce(m.size, 0), 9223372036854775807)::bigint AS number
    FROM listed l
    LEFT JOIN measured m ON m.manifest_id = l.manifest_id
    WHERE $1::text = 'size'
),
walked AS MATERIALIZED (
    SELECT name, number, place FROM indexed
    UNION ALL
    (SELECT name, number, row_number() OVER (ORDER BY number DESC, name)
     FROM sized
     WHERE NOT $5::boolean
       AND ($2::bigint IS NULL OR number < $2::bigint OR number = $2::bigint AND name > $3::text)
     ORDER BY number DESC, name
     LIMIT $4::bigint + 1)
    UNION ALL
    (SELECT name, number, row_number() OVER (ORDER BY number, name DESC)
     FROM sized
     WHERE $5::boolean
       AND ($2::bigint IS NULL OR number > $2::bigint OR number = $2::bigint AND name < $3::text)
     ORDER BY number, name DESC
     LIMIT $4::bigint + 1)
)
SELECT generation, NULL::bigint AS place, EXISTS (SELECT FROM repo) AS found,
       (SELECT count(*) FROM walked) > $4::bigint AS has_more, NULL::bigint AS number,
       NULL::text AS text,
       '"total":' || CASE WHEN $7::boolean THEN (SELECT count(*) FROM listed) END AS body
FROM state
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $6::boolean THEN -w.place ELSE w.place END, NULL,
       NULL, w.number, t.name, json_strip_nulls(row_to_json(object))::text
FROM walked w
CROSS JOIN LATERAL (
    SELECT * FROM tag WHERE repository_id = (SELECT id FROM repo) AND name = w.name OFFSET 0
) t
LEFT JOIN LATERAL (SELECT * FROM manifest WHERE id = t.manifest_id OFFSET 0) m ON true
LEFT JOIN LATERAL (
    SELECT * FROM repository_manifest
    WHERE repository_id = t.repository_id AND manifest_id = t.manifest_id OFFSET 0
) held ON true
LEFT JOIN measured ON measured.manifest_id = t.manifest_id
CROSS JOIN LATERAL (
    SELECT count(*) AS number,
           coalesce(bool_or(s.artifact_type IN ('application/vnd.dev.cosign.artifact.sig.v1+json',
                                                'application/vnd.cncf.notary.signature')
                            OR s.artifact_type LIKE 'application/vnd.dev.sigstore.bundle.%'), false)
               AS have_signature
    FROM manifest s
    WHERE s.subject = m.digest
      AND EXISTS (SELECT FROM repository_manifest h
                  WHERE h.repository_id = t.repository_id AND h.manifest_id = s.id
                    AND h.unreadable IS NULL OFFSET 0)
) referrer
CROSS JOIN LATERAL (
    SELECT t.name, digest_text(m.digest) AS digest, m.media_type,
           CASE
               WHEN held.manifest_id IS NULL OR held.unreadable IS NOT NULL THEN 'unreadable'
               WHEN m.kind = 'schema1' THEN 'image'
               ELSE m.kind
           END AS kind,
           measured.size,
           ARRAY(SELECT platform
                 FROM (SELECT concat_ws('/', i.os, i.architecture, v.variant)
                                  AS platform,
                              min(part.position) AS position
                       FROM (SELECT m.id AS image_id, 0 AS position WHERE m.kind = 'image'
                             UNION ALL
                             SELECT ii.image_id, ii.position FROM index_image ii
                             WHERE ii.index_id = m.id) part
                       JOIN manifest i ON i.id = part.image_id
                       CROSS JOIN LATERAL (SELECT variants FROM repository_manifest
                                           WHERE repository_id = t.repository_id
                                             AND manifest_id = i.id AND unreadable IS NULL OFFSET 0) h
                       CROSS JOIN LATERAL unnest(coalesce(h.variants, ARRAY[nullif(i.variant, '')]))
                                  AS v (variant)
                       WHERE held.unreadable IS NULL
                         AND i.kind = 'image' AND i.os <> '' AND i.architecture <> ''
                       GROUP BY 1) p
                 ORDER BY position, platform) AS platforms,
           to_char(t.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated,
           t.updated_source, t.updated_by AS pushed_by, t.pulls,
           ARRAY(SELECT o.name FROM tag o
                 WHERE o.repository_id = t.repository_id AND o.manifest_id = t.manifest_id
                   AND o.name <> t.name AND ($10::boolean OR NOT o.hidden)
                 ORDER BY o.name) AS aliases,
           referrer.have_signature
               OR EXISTS (SELECT FROM tag o
                          WHERE o.repository_id = t.repository_id
                            AND o.name = replace(digest_text(m.digest), ':', '-') || '.sig')
               AS signed,
           referrer.number AS referrers,
           CASE WHEN t.unreadable IS NOT NULL
                THEN json_build_object('reason', t.unreadable)
                WHEN held.unreadable IS NOT NULL
                THEN json_build_object('reason', held.unreadable, 'since',
                                       to_char(held.unreadable_since AT TIME ZONE 'UTC',
                                               'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
           END AS unreadable
) object
WHERE w.place <= $4::bigint
ORDER BY place NULLS FIRST
