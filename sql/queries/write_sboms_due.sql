-- SPDX-License-Identifier: Apache-2.0
-- Manifests that may hold SBOM documents and were not read, those first that have waited longest. $1 at most: bigint.
-- Columns, read as bytes: id as text, the digest that it is about, the manifest itself (NULL: not stored), a repository
-- that holds it and a live image of that digest (NULL: none does, yet).
SELECT manifest_id::text, about, raw, repository FROM due_sbom_sources($1::bigint);
