-- SPDX-License-Identifier: Apache-2.0
-- Documents that were made again. Arrays, one element a manifest: $1 digests bytea[], $2 documents text[],
-- $3 configurations bytea[] (NULL: none), $4 their documents text[]. $5 version of the documents: smallint.
WITH made AS (
    SELECT digest, document, config, config_document
      FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::text[])
           AS m (digest, document, config, config_document)
), configs AS (
    UPDATE config c SET document = n.document, document_version = $5::smallint
      FROM (SELECT DISTINCT ON (b.id) x.ctid, made.config_document AS document
              FROM made
             CROSS JOIN LATERAL (SELECT id FROM blob WHERE digest = made.config OFFSET 0) AS b
             CROSS JOIN LATERAL (SELECT ctid FROM config
                                  WHERE id = b.id AND document_version < $5::smallint OFFSET 0) AS x) AS n
     WHERE c.ctid = n.ctid
)
UPDATE manifest m SET document = n.document, document_version = $5::smallint
  FROM (SELECT x.ctid, made.document
          FROM made
         CROSS JOIN LATERAL (SELECT ctid FROM manifest
                              WHERE digest = made.digest AND document_version < $5::smallint OFFSET 0) AS x) AS n
 WHERE m.ctid = n.ctid;
