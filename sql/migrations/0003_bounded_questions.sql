-- SPDX-License-Identifier: Apache-2.0
-- What a question may cost has a bound: searches that nothing narrows walk the repositories by popularity, and compare
-- words with the beginning of what a manifest is called; totals over all repositories are kept.

-- Repositories without tags are walked, too: they may hold artifacts.
DROP INDEX repository_popular;
CREATE INDEX repository_popular ON repository (pulls DESC, updated DESC NULLS LAST, name) WHERE deleted_at IS NULL;

DROP INDEX manifest_text_trgm;
CREATE INDEX manifest_text_trgm ON manifest
    USING gin (lower(left(coalesce(title, ''), 4096) || ' ' || left(coalesce(description, ''), 4096)) gin_trgm_ops)
    WHERE (title IS NOT NULL OR description IS NOT NULL) AND annotations LIKE '%org.opencontainers.image.%';

-- Platforms that few images have.
CREATE INDEX manifest_architecture ON manifest (coalesce(architecture, '')) WHERE kind = 'image';
CREATE INDEX manifest_os ON manifest (coalesce(os, '')) WHERE kind = 'image';
CREATE INDEX manifest_platform ON manifest (id) INCLUDE (os, architecture, variant)
    WHERE kind = 'image' AND os <> '' AND architecture <> '';

-- As refresh_repository() keeps them.
UPDATE repository
   SET title = left(title, 4096), description = left(description, 4096)
 WHERE length(title) > 4096 OR length(description) > 4096;

-- Totals, counted once and then kept.
ALTER TABLE state
    ADD COLUMN manifests bigint NOT NULL DEFAULT 0,
    ADD COLUMN artifacts bigint NOT NULL DEFAULT 0,
    ADD COLUMN images    bigint NOT NULL DEFAULT 0,
    ADD COLUMN indexes   bigint NOT NULL DEFAULT 0,
    ADD COLUMN size      numeric NOT NULL DEFAULT 0;
CREATE INDEX repository_blob_blob ON repository_blob (blob_id, size);
COMMENT ON COLUMN state.manifests IS 'Held by any repository; like the other totals, what several of them have counts once. Kept by count_totals()';
COMMENT ON COLUMN state.artifacts IS 'Held and readable';
COMMENT ON COLUMN state.images IS 'Reachable from tags, those that only attest aside';
COMMENT ON COLUMN state.indexes IS 'Reachable from tags';
COMMENT ON COLUMN state.size IS 'Bytes of all that is reachable from tags; of a blob with several sizes the largest';
WITH held AS (
    SELECT m.kind, m.size, bool_or(h.unreadable IS NULL) AS is_readable,
           bool_or(h.unreadable IS NULL AND h."references" > 0) AS is_live,
           bool_or(h.unreadable IS NULL AND h."references" > h.attests) AS is_shown
      FROM repository_manifest h JOIN manifest m ON m.id = h.manifest_id
     GROUP BY m.id
), total AS (
    SELECT count(*) AS manifests, count(*) FILTER (WHERE kind = 'artifact' AND is_readable) AS artifacts,
           count(*) FILTER (WHERE kind = 'image' AND is_shown) AS images,
           count(*) FILTER (WHERE kind = 'index' AND is_live) AS indexes,
           coalesce(sum(size) FILTER (WHERE is_live), 0) AS size
      FROM held
)
UPDATE state
   SET manifests = t.manifests, artifacts = t.artifacts, images = t.images, indexes = t.indexes,
       size = t.size + (SELECT coalesce(sum(b.size), 0)
                          FROM (SELECT max(size) AS size FROM repository_blob GROUP BY blob_id) AS b)
  FROM total t;

INSERT INTO schema_version (version, min_reader_version) VALUES (3, 1);
