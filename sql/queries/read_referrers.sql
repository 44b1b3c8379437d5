-- SPDX-License-Identifier: Apache-2.0
-- /v2/<name>/referrers/<digest>.
-- $1 repository: text    $2 digest of the subject: text    $3 artifact type: text, NULL: any
-- $4 digests after this one: text, NULL: from the first    $5 how many at most: bigint
-- Columns: generation, digest (NULL in the first row, which is always there), descriptor as JSON.
--
-- This is the union that OCI clients expect: what a tagged index lists is held by its repository
-- like anything that was pushed there, so the entries of a fallback index are found by their subject
-- too, and those of another subject are not.
SELECT generation, NULL COLLATE "C" AS digest, NULL AS descriptor
FROM state
UNION ALL
(SELECT (SELECT generation FROM state), digest_text(m.digest) COLLATE "C",
        -- annotations are JSON already, and whatever they hold they are not looked into
        concat('{"mediaType":', to_json(m.media_type), ',"digest":"', digest_text(m.digest),
               '","size":', m.size, ',"artifactType":' || to_json(m.artifact_type)::text,
               ',"annotations":' || nullif(m.annotations, '{}'), '}')
 FROM manifest m
 WHERE m.subject = digest_bytes($2::text)
   AND EXISTS (SELECT FROM repository_manifest held
               WHERE held.manifest_id = m.id AND held.unreadable IS NULL
                 AND held.repository_id = (SELECT id FROM repository
                                           WHERE name = $1::text AND deleted_at IS NULL)
               OFFSET 0)
   AND ($3::text IS NULL OR m.artifact_type = $3::text)
   AND ($4::text IS NULL OR m.digest > digest_bytes($4::text))
 ORDER BY m.digest
 LIMIT $5::bigint)
ORDER BY digest NULLS FIRST
