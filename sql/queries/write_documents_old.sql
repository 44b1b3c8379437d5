-- SPDX-License-Identifier: Apache-2.0
-- Manifests whose contents an older version of the program stored, by id; none when the program of this version
-- has made sure of all. $1 after this id: bigint, $2 version: smallint, $3 at most rows, $4 bytes, which the
-- first row may exceed: bigint.
-- Columns, read as bytes: id as text, digest, media type, the manifest itself, its configuration, a repository
-- that holds it (NULL: none does).
SELECT id::text, digest, media_type, raw, config,
       (SELECT r.name FROM repository_manifest h JOIN repository r ON r.id = h.repository_id
         WHERE h.manifest_id = old.id AND h.unreadable IS NULL LIMIT 1)
  FROM (SELECT m.*, coalesce(sum(length(m.raw) + coalesce(length(m.config), 0))
                                 OVER (ORDER BY m.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
                             0) AS bytes_before
          FROM (SELECT m.id, m.digest, m.media_type, m.raw, c.raw AS config
                  FROM manifest m
                  LEFT JOIN LATERAL (SELECT raw FROM config WHERE id = m.config_id OFFSET 0) AS c ON true
                 WHERE (SELECT document_version FROM state) <> $2::smallint
                   AND m.id > $1::bigint AND m.document_version < $2::smallint AND m.raw IS NOT NULL
                 ORDER BY m.id
                 LIMIT $3::bigint) AS m) AS old
 WHERE bytes_before <= $4::bigint
 ORDER BY old.id;
