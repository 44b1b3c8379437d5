-- SPDX-License-Identifier: Apache-2.0
-- What a question may cost has a bound: searches that nothing narrows walk the repositories by popularity, and compare
-- words with the beginning of what a manifest is called.

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

-- As refresh_repository() keeps them.
UPDATE repository
   SET title = left(title, 4096), description = left(description, 4096)
 WHERE length(title) > 4096 OR length(description) > 4096;

INSERT INTO schema_version (version, min_reader_version) VALUES (3, 1);
