-- SPDX-License-Identifier: Apache-2.0
-- Tags of a repository that are on some digests, or will be when what scans staged is published. $1 repository: text, $2 digests: bytea[],
-- $3 limit: bigint.
-- Columns: name, digest as text (NULL: unknown), whether all below it can be read there, time of the
-- event that moved it there in ms since 1970 (NULL: none was seen), is it on an index, is it on a manifest
-- that itself cannot be read there, or on none.
SELECT DISTINCT ON (name) name, digest, is_readable, moved_ms, is_index, is_unreadable
  FROM (SELECT t.name, digest_text(m.digest) AS digest, w.is_readable,
               CASE WHEN t.updated_source = 'event' THEN (extract(epoch FROM t.updated) * 1000)::bigint END AS moved_ms,
               coalesce(m.kind = 'index', false) AS is_index,
               NOT (w.is_readable OR EXISTS (SELECT FROM repository_manifest
                                              WHERE repository_id = t.repository_id AND manifest_id = t.manifest_id
                                                AND unreadable IS NULL)) AS is_unreadable, false AS is_staged
          FROM tag t
          JOIN repository r ON r.id = t.repository_id
          LEFT JOIN manifest m ON m.id = t.manifest_id
         CROSS JOIN LATERAL (SELECT is_wholly_readable(t.repository_id, t.manifest_id) AS is_readable OFFSET 0) AS w
         WHERE r.name = $1::text
           AND t.manifest_id = ANY (ARRAY(SELECT id FROM manifest WHERE digest = ANY ($2::bytea[])))
         UNION ALL
        SELECT name, digest_text(digest), false, NULL, false, false, true -- nothing is known of it yet
          FROM scan_tag
         WHERE repository = $1::text AND digest = ANY ($2::bytea[])) AS found
 ORDER BY name, is_staged
 LIMIT $3::bigint;
