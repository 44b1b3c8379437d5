-- SPDX-License-Identifier: Apache-2.0
-- Tags of a repository. $1 repository: text, $2 their names: text[].
-- Columns: name, digest as text (NULL: unknown), whether all below it can be read there, time of the
-- event that moved it there in ms since 1970 (NULL: none was seen), is it on an index, is it on a manifest
-- that itself cannot be read there, or on none.
SELECT t.name, digest_text(m.digest), w.is_readable,
       CASE WHEN t.updated_source = 'event' THEN (extract(epoch FROM t.updated) * 1000)::bigint END,
       coalesce(m.kind = 'index', false),
       NOT (w.is_readable OR EXISTS (SELECT FROM repository_manifest
                                      WHERE repository_id = r.id AND manifest_id = t.manifest_id
                                        AND unreadable IS NULL))
  FROM repository r
 CROSS JOIN unnest($2::text[]) AS n (name)
 CROSS JOIN LATERAL (SELECT name, manifest_id, updated, updated_source FROM tag
                      WHERE repository_id = r.id AND name = n.name OFFSET 0) AS t
  LEFT JOIN LATERAL (SELECT digest, kind FROM manifest WHERE id = t.manifest_id OFFSET 0) AS m ON true
 CROSS JOIN LATERAL (SELECT is_wholly_readable(r.id, t.manifest_id) AS is_readable OFFSET 0) AS w
 WHERE r.name = $1::text
 ORDER BY t.name;
