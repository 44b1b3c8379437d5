-- SPDX-License-Identifier: Apache-2.0
-- Making contents again, 1: nobody changes a repository that shows these manifests until COMMIT.
-- $1 digests: bytea[].
SELECT FROM repository
 WHERE id IN (SELECT h.repository_id
                FROM manifest m JOIN repository_manifest h ON h.manifest_id = m.id
               WHERE m.digest = ANY ($1::bytea[]) AND h.unreadable IS NULL)
 ORDER BY id
   FOR NO KEY UPDATE;
