-- SPDX-License-Identifier: Apache-2.0
-- Making contents again, 4: the manifests are as if only their digests were known. $1 digests: bytea[].
WITH old AS MATERIALIZED (
    SELECT id FROM manifest WHERE digest = ANY ($1::bytea[])
), layers AS (
    DELETE FROM manifest_layer WHERE manifest_id IN (SELECT id FROM old)
), children AS (
    DELETE FROM manifest_child WHERE parent_id IN (SELECT id FROM old)
), images AS (
    DELETE FROM index_image WHERE index_id IN (SELECT id FROM old)
), labels AS (
    DELETE FROM label WHERE manifest_id IN (SELECT id FROM old)
), annotations AS (
    DELETE FROM annotation WHERE manifest_id IN (SELECT id FROM old)
), chains AS (
    DELETE FROM image_chain WHERE manifest_id IN (SELECT id FROM old)
)
UPDATE manifest SET raw = NULL, kind = 'unknown', nesting = 0 WHERE id IN (SELECT id FROM old);
