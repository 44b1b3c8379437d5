-- SPDX-License-Identifier: Apache-2.0
-- Tags of a repository. $1 repository: text, $2 their names: text[].
-- Columns: name, digest as text (NULL: unknown), whether all below it can be read there.
SELECT t.name, digest_text(m.digest), is_wholly_readable(r.id, t.manifest_id)
  FROM repository r
 CROSS JOIN unnest($2::text[]) AS n (name)
 CROSS JOIN LATERAL (SELECT name, manifest_id FROM tag
                      WHERE repository_id = r.id AND name = n.name OFFSET 0) AS t
  LEFT JOIN LATERAL (SELECT digest FROM manifest WHERE id = t.manifest_id OFFSET 0) AS m ON true
 WHERE r.name = $1::text
 ORDER BY t.name;
