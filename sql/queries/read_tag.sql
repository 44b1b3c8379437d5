-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/repositories/<name>/-/tags/<tag>: one tag. Parameters of read_tags_by_name.sql that mean something here:
-- $3 1: bigint    $5 false: boolean    $6 false: boolean    $7 repository: text    $9 false: boolean; and
-- $8 the tag: text    $10 the digest it is to be on: text, NULL: any
-- Columns as there: a row without a place, and one of the tag if there is one.
WITH
repo AS MATERIALIZED (
    SELECT id, tag_count, hidden_count FROM repository WHERE name = $7::text AND deleted_at IS NULL
),
listed AS NOT MATERIALIZED (
    SELECT t.name, t.manifest_id
    FROM tag t
    WHERE t.repository_id = (SELECT id FROM repo) AND t.name = $8::text
      AND ($10::text IS NULL OR t.manifest_id = (SELECT id FROM manifest WHERE digest = digest_bytes($10::text)))
      AND ($1::bigint IS NULL OR $2::text IS NULL OR $4::boolean IS NULL OR true) -- their types
),
counted AS (
    SELECT count(*) AS total FROM listed
),
walked AS MATERIALIZED (
    SELECT name, manifest_id, 0::bigint AS number, 1::bigint AS place FROM listed
),
-- include tags_shown.sql
