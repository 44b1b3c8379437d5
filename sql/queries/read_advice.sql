-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/advice: what could be deleted from repositories by rules, and nothing that what is kept needs.
-- $1 number of the cursor (id of a repository) and $2 its text (a digest) … $6: see reader/api/paging.h;
-- $7 repository, or what is below it: text, NULL: all; $8 untagged for so long in ms: bigint, NULL: that is no rule, and
-- $9 as it was said: text; $10 and $11 the same of not pulled; $12 how many of the newest tags are kept: bigint, NULL: that
-- is no rule; $13 LIKE pattern of the tags that these two are about: text, NULL: all, and $14 as it was said: text;
-- $15 at most so many manifests are looked at: bigint.
-- Columns: generation, place, found (false: there are more manifests), has_more, number, text, body (see
-- reader/api/rest_list.h); the first row's body is "frees", "manifests" and "valid_for_generation".
WITH RECURSIVE scope AS MATERIALIZED (
    SELECT id, name FROM repository
    WHERE deleted_at IS NULL
      AND ($7::text IS NULL OR name = rtrim($7::text, '/') OR starts_with(name, rtrim($7::text, '/') || '/'))
),
looked_at AS MATERIALIZED (
    SELECT h.repository_id, h.manifest_id, h.first_seen, h.unreadable
    FROM scope
    CROSS JOIN LATERAL (SELECT * FROM repository_manifest WHERE repository_id = scope.id OFFSET 0) h
    LIMIT $15::bigint + 1
),
ranked AS MATERIALIZED (
    SELECT t.repository_id, t.manifest_id, t.name, t.hidden, t.updated, t.is_meant,
           row_number() OVER (PARTITION BY t.repository_id, t.is_meant ORDER BY t.updated DESC, t.name) AS rank
    FROM scope
    CROSS JOIN LATERAL (SELECT repository_id, manifest_id, name, hidden, updated,
                               NOT hidden AND ($13::text IS NULL OR name LIKE $13::text) AS is_meant
                        FROM tag WHERE repository_id = scope.id AND manifest_id IS NOT NULL OFFSET 0) t
    WHERE (SELECT count(*) FROM looked_at) <= $15::bigint
),
-- What the rules say of each tag. Of the hidden ones those that belong to a manifest go when that goes.
tagged AS MATERIALIZED (
    SELECT r.repository_id, r.manifest_id, r.name,
           r.is_meant AND ($12::bigint IS NOT NULL OR $10::bigint IS NOT NULL)
               AND ($12::bigint IS NULL OR r.rank > $12::bigint)
               AND ($10::bigint IS NULL
                    OR r.updated < now() - $10::bigint * interval '1 millisecond'
                       AND NOT EXISTS (
                           SELECT FROM pull_day p
                           WHERE p.repository_id = r.repository_id AND p.manifest_id = r.manifest_id
                             AND p.day >= (now() - $10::bigint * interval '1 millisecond')::date OFFSET 0))
               AS is_advised,
           CASE WHEN r.hidden AND r.name ~ '^sha256-[0-9a-f]{64}(\.(sig|att|sbom))?$'
                THEN '\x01'::bytea || decode(substr(r.name, 8, 64), 'hex') END AS belongs_to
    FROM ranked r
),
-- Everything about a manifest under one roof: it, its tags, and when tags left it.
gathered AS MATERIALIZED (
    SELECT repository_id, manifest_id, min(first_seen) AS first_seen, max(unreadable) AS unreadable,
           count(name) AS n_tags, count(name) FILTER (WHERE is_advised) AS n_advised,
           count(name) FILTER (WHERE is_bound) AS n_bound,
           coalesce(array_agg(name ORDER BY name) FILTER (WHERE name IS NOT NULL), '{}') AS names,
           coalesce((array_agg(name ORDER BY name) FILTER (WHERE is_advised))[1:20], '{}') AS advised_names,
           (array_agg(belongs_to ORDER BY belongs_to) FILTER (WHERE is_bound))[1] AS belongs_to,
           max(until_time) AS until_time
    FROM (SELECT repository_id, manifest_id, first_seen, unreadable, NULL AS name, NULL::boolean AS is_advised,
                 NULL::boolean AS is_bound, NULL::bytea AS belongs_to, NULL::timestamptz AS until_time
          FROM looked_at
          UNION ALL
          SELECT t.repository_id, t.manifest_id, NULL, NULL, t.name, t.is_advised,
                 EXISTS (SELECT FROM (SELECT id FROM manifest WHERE digest = t.belongs_to OFFSET 0) m
                         CROSS JOIN LATERAL (SELECT FROM repository_manifest
                                             WHERE repository_id = t.repository_id AND manifest_id = m.id OFFSET 0) x),
                 t.belongs_to, NULL
          FROM tagged t
          UNION ALL
          SELECT scope.id, m.id, NULL, NULL, NULL, NULL, NULL, NULL, t.until_time
          FROM scope
          CROSS JOIN LATERAL (SELECT digest, max(until_time) AS until_time FROM tag_history
                              WHERE repository_id = scope.id AND until_time IS NOT NULL GROUP BY digest) t
          CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = t.digest OFFSET 0) m
          WHERE $8::bigint IS NOT NULL) piece
    WHERE (SELECT count(*) FROM looked_at) <= $15::bigint
    GROUP BY repository_id, manifest_id
    HAVING min(first_seen) IS NOT NULL
),
-- Of each manifest: why it may go, and whether something else decides about it.
judged AS MATERIALIZED (
    SELECT g.*, m.digest, m.subject, m.kind, parents.n AS n_parents, subject.is_held AS has_subject,
           coalesce(g.until_time, g.first_seen) AS untagged_since
    FROM gathered g
    CROSS JOIN LATERAL (SELECT digest, subject, kind FROM manifest WHERE id = g.manifest_id OFFSET 0) m
    CROSS JOIN LATERAL (SELECT count(*) AS n
                        FROM (SELECT parent_id FROM manifest_child WHERE child_id = g.manifest_id OFFSET 0) c
                        CROSS JOIN LATERAL (SELECT FROM repository_manifest
                                            WHERE repository_id = g.repository_id AND manifest_id = c.parent_id
                                            OFFSET 0) p) parents
    CROSS JOIN LATERAL (SELECT EXISTS (
                            SELECT FROM (SELECT id FROM manifest WHERE digest = m.subject OFFSET 0) s
                            CROSS JOIN LATERAL (SELECT FROM repository_manifest
                                                WHERE repository_id = g.repository_id AND manifest_id = s.id
                                                OFFSET 0) x) AS is_held) subject
),
-- Kept: what has a tag that stays, what nothing decides about and is not old enough, what is not known well enough, what
-- images of repositories that were not asked about are built on; and all that is needed by what is kept.
kept (repository_id, manifest_id) AS (
    SELECT j.repository_id, j.manifest_id
    FROM judged j
    WHERE j.unreadable IS NOT NULL OR j.kind = 'unknown'
       OR j.n_tags > j.n_advised + j.n_bound
       OR j.n_tags = 0 AND j.n_parents = 0 AND NOT j.has_subject
          AND ($8::bigint IS NULL OR j.untagged_since >= now() - $8::bigint * interval '1 millisecond')
       OR EXISTS (SELECT FROM (SELECT manifest_id FROM annotation
                               WHERE left(key, 200) = 'org.opencontainers.image.base.digest'
                                 AND left(value, 200) = digest_text(j.digest) OFFSET 0) a
                  CROSS JOIN LATERAL (SELECT repository_id FROM repository_manifest
                                      WHERE manifest_id = a.manifest_id OFFSET 0) o
                  WHERE o.repository_id NOT IN (SELECT id FROM scope))
       OR EXISTS (SELECT FROM (SELECT image_id FROM image_material WHERE digest = j.digest OFFSET 0) p
                  CROSS JOIN LATERAL (SELECT repository_id FROM repository_manifest
                                      WHERE manifest_id = p.image_id OFFSET 0) o
                  WHERE o.repository_id NOT IN (SELECT id FROM scope))
    UNION
    SELECT needed.repository_id, needed.manifest_id
    FROM kept k
    CROSS JOIN LATERAL (SELECT digest FROM manifest WHERE id = k.manifest_id OFFSET 0) own
    CROSS JOIN LATERAL (
        SELECT k.repository_id, c.id AS manifest_id
        FROM (SELECT child_id AS id FROM manifest_child WHERE parent_id = k.manifest_id
              UNION ALL
              SELECT id FROM manifest WHERE subject = own.digest
              OFFSET 0) c
        CROSS JOIN LATERAL (SELECT FROM repository_manifest
                            WHERE repository_id = k.repository_id AND manifest_id = c.id OFFSET 0) h
        UNION ALL
        SELECT k.repository_id, t.manifest_id
        FROM unnest(ARRAY['', '.sig', '.att', '.sbom']) AS suffix
        CROSS JOIN LATERAL (SELECT manifest_id FROM tag
                            WHERE repository_id = k.repository_id AND manifest_id IS NOT NULL
                              AND name = replace(digest_text(own.digest), ':', '-') || suffix OFFSET 0) t
        UNION ALL
        SELECT h.repository_id, b.id
        FROM (SELECT CASE WHEN value ~ '^sha256:[0-9a-f]{64}$' THEN digest_bytes(value) END AS digest FROM annotation
              WHERE manifest_id = k.manifest_id AND key = 'org.opencontainers.image.base.digest'
              UNION ALL
              SELECT digest FROM image_material WHERE image_id = k.manifest_id
              OFFSET 0) a
        CROSS JOIN LATERAL (SELECT id FROM manifest WHERE digest = a.digest OFFSET 0) b
        CROSS JOIN LATERAL (SELECT repository_id FROM repository_manifest WHERE manifest_id = b.id OFFSET 0) h
        WHERE h.repository_id IN (SELECT id FROM scope)
        OFFSET 0
    ) needed
),
advised AS MATERIALIZED (
    SELECT j.*, s.name AS repository
    FROM judged j
    JOIN scope s ON s.id = j.repository_id
    -- A join: what is kept is expected to be too much for the table of NOT IN, which is searched from end to end then.
    WHERE NOT EXISTS (SELECT FROM kept k WHERE k.repository_id = j.repository_id AND k.manifest_id = j.manifest_id)
),
-- The blobs of what is advised, itself among them, that nothing else holds.
used AS MATERIALIZED (
    SELECT DISTINCT a.repository_id, a.manifest_id, b.blob_id
    FROM advised a
    CROSS JOIN LATERAL (SELECT blob_id FROM manifest_layer WHERE manifest_id = a.manifest_id
                        UNION ALL
                        SELECT config_id FROM manifest WHERE id = a.manifest_id AND config_id IS NOT NULL
                        OFFSET 0) b
),
freed AS MATERIALIZED (
    SELECT u.n, u.repository_id, u.manifest_id, coalesce(size.bytes, 0) AS bytes
    FROM (SELECT blob_id, count(*) AS n, min(repository_id) AS repository_id, min(manifest_id) AS manifest_id
          FROM used GROUP BY blob_id) u
    CROSS JOIN LATERAL (SELECT max(d.size) AS bytes
                        FROM (SELECT size FROM manifest_layer WHERE blob_id = u.blob_id
                              UNION ALL
                              SELECT config_size FROM manifest WHERE config_id = u.blob_id) d) size
    WHERE NOT EXISTS (
        SELECT FROM (SELECT manifest_id FROM manifest_layer WHERE blob_id = u.blob_id
                     UNION ALL
                     SELECT id FROM manifest WHERE config_id = u.blob_id
                     OFFSET 0) holder
        CROSS JOIN LATERAL (SELECT repository_id, manifest_id FROM repository_manifest
                            WHERE manifest_id = holder.manifest_id OFFSET 0) h
        WHERE (h.repository_id, h.manifest_id) NOT IN (SELECT repository_id, manifest_id FROM advised))
    UNION ALL
    SELECT u.n, u.repository_id, u.manifest_id, coalesce(m.size, 0)
    FROM (SELECT manifest_id, count(*) AS n, min(repository_id) AS repository_id FROM advised GROUP BY manifest_id) u
    CROSS JOIN LATERAL (SELECT size FROM manifest WHERE id = u.manifest_id OFFSET 0) m
    WHERE NOT EXISTS (
        SELECT FROM repository_manifest h
        WHERE h.manifest_id = u.manifest_id
          AND (h.repository_id, h.manifest_id) NOT IN (SELECT repository_id, manifest_id FROM advised))
),
cursor_row AS MATERIALIZED (
    SELECT name, CASE WHEN $2::text ~ '^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$' THEN digest_bytes($2::text) END AS digest
    FROM repository WHERE id = $1::bigint
),
walked AS MATERIALIZED (
    (SELECT a.*, row_number() OVER (ORDER BY repository, digest) AS place FROM advised a
     WHERE NOT $4::boolean AND ($1::bigint IS NULL OR (repository, digest) > (SELECT name, digest FROM cursor_row))
     ORDER BY repository, digest LIMIT $3::bigint + 1)
    UNION ALL
    (SELECT a.*, row_number() OVER (ORDER BY repository DESC, digest DESC) FROM advised a
     WHERE $4::boolean AND ($1::bigint IS NULL OR (repository, digest) < (SELECT name, digest FROM cursor_row))
     ORDER BY repository DESC, digest DESC LIMIT $3::bigint + 1)
),
-- What one of those shown holds alone. Not NOT IN: it is looked up by hash, whatever the planner expects.
alone AS MATERIALIZED (
    SELECT repository_id, manifest_id, bytes FROM freed
    WHERE n = 1 AND NOT ((repository_id, manifest_id) NOT IN (SELECT repository_id, manifest_id FROM walked))
)
SELECT generation, NULL::bigint AS place, (SELECT count(*) FROM looked_at) <= $15::bigint AS found,
       (SELECT count(*) FROM walked) > $3::bigint AS has_more, NULL::bigint AS number, NULL::text AS text,
       '"frees":' || (SELECT coalesce(sum(bytes), 0) FROM freed) || ',"manifests":' || (SELECT count(*) FROM advised)
           || ',"valid_for_generation":' || generation AS body
FROM state
WHERE $6::boolean IS NULL OR true -- its type: everything is counted anyway
UNION ALL
SELECT (SELECT generation FROM state), CASE WHEN $5::boolean THEN -w.place ELSE w.place END, NULL, NULL, w.repository_id,
       object.digest, row_to_json(object)::text
FROM walked w
CROSS JOIN LATERAL (
    SELECT w.repository, digest_text(w.digest) AS digest, w.names AS tags,
           CASE
               WHEN w.n_advised > 0 THEN
                   CASE WHEN w.n_advised = 1 THEN 'tag ' ELSE 'tags ' END
                   || array_to_string(w.advised_names, ', ')
                   || concat_ws(' and',
                          CASE WHEN w.n_advised = 1 THEN ' is' ELSE ' are' END || ' none of the newest ' || $12::bigint
                              || coalesce(' that match ' || $14::text, ''),
                          CASE WHEN w.n_advised = 1 THEN ' was' ELSE ' were' END || ' not pulled for ' || $11::text)
               WHEN w.n_tags > 0 THEN 'tag ' || w.names[1] || ' belongs to ' || digest_text(w.belongs_to)
                                      || ', which goes'
               WHEN w.n_parents > 0 THEN 'only indexes list it, and they go'
               WHEN w.has_subject THEN 'refers to ' || digest_text(w.subject) || ', which goes'
               ELSE 'untagged for more than ' || $9::text
           END AS reason,
           (SELECT coalesce(sum(bytes), 0) FROM alone f
            WHERE f.repository_id = w.repository_id AND f.manifest_id = w.manifest_id) AS frees,
           'DELETE /v2/' || w.repository || '/manifests/' || digest_text(w.digest) AS request
) object
WHERE w.place <= $3::bigint
ORDER BY place NULLS FIRST
