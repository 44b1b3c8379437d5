-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 2: configurations. $1 digests: bytea[], $2 their bytes: bytea[] (NULL: not
-- fetched), $3 documents: text[], $4 version of the documents: smallint.
INSERT INTO config AS c (id, raw, document, document_version)
SELECT DISTINCT ON (n.digest) b.id, n.raw, n.document,
       CASE WHEN n.document IS NULL THEN 0 ELSE $4::smallint END
  FROM unnest($1::bytea[], $2::bytea[], $3::text[]) AS n (digest, raw, document)
 CROSS JOIN LATERAL (SELECT id FROM blob WHERE digest = n.digest OFFSET 0) AS b
  LEFT JOIN LATERAL (SELECT * FROM config WHERE id = b.id OFFSET 0) AS known ON true
 WHERE known.id IS NULL
    OR n.raw IS NOT NULL AND (known.raw IS NULL OR known.document_version < $4::smallint)
 ORDER BY n.digest, n.raw IS NULL
    ON CONFLICT (id) DO UPDATE
   SET raw = excluded.raw, document = excluded.document, document_version = excluded.document_version
 WHERE excluded.raw IS NOT NULL
   AND (c.raw IS NULL OR c.document_version < excluded.document_version);
