-- SPDX-License-Identifier: Apache-2.0
-- The registry that api/test_index.c and api/test_queries.c ask, put straight into the tables. A
-- manifest's digest is its name's bytes and its document says nothing but the name: statements pass
-- documents on unread.

CREATE FUNCTION put_manifest(name text, kind text, os text, architecture text, labels jsonb,
                             annotations jsonb) RETURNS bigint
    LANGUAGE sql AS $$
    WITH made AS (
        INSERT INTO manifest (digest, kind, os, architecture, document)
        VALUES ('\x01'::bytea || convert_to(name, 'UTF8'), kind, os, architecture,
                '"Digest":' || to_json(name)::text)
        RETURNING id
    ), labelled AS (
        INSERT INTO label SELECT made.id, e.key, e.value FROM made, jsonb_each_text(labels) e
    ), annotated AS (
        INSERT INTO annotation SELECT made.id, e.key, e.value FROM made, jsonb_each_text(annotations) e
    )
    SELECT id FROM made
$$;
CREATE FUNCTION id_of(name text) RETURNS bigint
    LANGUAGE sql STABLE AS $$
    SELECT id FROM manifest WHERE digest = '\x01'::bytea || convert_to(name, 'UTF8')
$$;
CREATE FUNCTION put_repository(name text, pulls bigint, title text, description text) RETURNS bigint
    LANGUAGE sql AS $$
    INSERT INTO repository (name, pulls, title, description, updated)
    VALUES (name, pulls, title, description, '2026-01-01') RETURNING id
$$;
CREATE FUNCTION hold(in_repository text, in_manifest text, reason text DEFAULT NULL) RETURNS void
    LANGUAGE sql AS $$
    INSERT INTO repository_manifest (repository_id, manifest_id, unreadable)
    SELECT id, id_of(in_manifest), reason FROM repository WHERE name = in_repository
$$;
CREATE FUNCTION put_tag(in_repository text, in_tag text, in_manifest text) RETURNS void
    LANGUAGE sql AS $$
    INSERT INTO tag (repository_id, name, manifest_id, unreadable, updated, updated_source)
    SELECT id, in_tag, id_of(in_manifest), CASE WHEN in_manifest IS NULL THEN 'gone' END,
           '2026-01-01', 'seen'
    FROM repository WHERE name = in_repository;
    UPDATE repository SET tag_count = tag_count + 1 WHERE name = in_repository
$$;

UPDATE state SET generation = 4711;

SELECT put_manifest('web-amd64', 'image', 'linux', 'amd64',
                    '{"org.flatpak.ref": "app/web", "vendor": "Acme", "a:b": "1", "x:matches": "y"}',
                    '{"team": "web"}'),
       put_manifest('web-arm64', 'image', 'linux', 'arm64', '{"org.flatpak.ref": "app/web", "vendor": "Other"}', '{}'),
       put_manifest('web-s390x', 'image', 'linux', 's390x', '{"org.flatpak.ref": "app/web"}', '{}'),
       put_manifest('web-list', 'index', NULL, NULL, '{}', '{"team": "lists"}'),
       put_manifest('api', 'image', 'windows', 'amd64', '{"vendor": "Acme", "empty": ""}', '{"team": "api"}'),
       put_manifest('sbom', 'artifact', NULL, NULL, '{}', '{}'),
       put_manifest('old', 'schema1', NULL, NULL, '{}', '{}'),
       put_manifest('none-list', 'index', NULL, NULL, '{}', '{}'),
       put_manifest('odd', 'image', 'linux', 'amd64',
                    jsonb_build_object('pattern', '100%_\', 'long', repeat('l', 300) || 'end',
                                       repeat('k', 300) || 'end', 'v', 'utf8', 'käse'), '{}'),
       put_manifest('odd-decoy', 'image', 'linux', 'amd64',
                    jsonb_build_object('pattern', '100xx', 'huge', repeat('h', 4095) || 'ie', 'long', repeat('l', 300) || 'dne',
                                       repeat('k', 300) || 'dne', 'v', 'utf8', 'kse'), '{}'),
       put_manifest('untagged', 'image', 'linux', 'amd64', '{"vendor": "Acme"}', '{}'),
       put_manifest('signature', 'image', 'linux', 'amd64', '{}', '{}');
-- Not in the order of the digests: an index has its own.
INSERT INTO index_image VALUES (id_of('web-list'), 0, id_of('web-s390x')),
                               (id_of('web-list'), 1, id_of('web-arm64')),
                               (id_of('web-list'), 2, id_of('web-amd64')),
                               (id_of('none-list'), 0, id_of('web-s390x'));

SELECT put_repository('app/web', 10, 'The Web', 'Serves pages'),
       put_repository('app/api', 500, NULL, NULL),
       put_repository('app/apitest', 7, NULL, NULL),
       put_repository('copy/web', 3, 'Backend mirror', NULL),
       put_repository('library/odd', 10, NULL, 'Oddities of every backend'),
       put_repository('only/digest', 0, NULL, NULL),
       put_repository('bare/repository', 0, NULL, NULL),
       put_repository('gone/repository', 99, NULL, NULL);

SELECT hold('app/web', 'web-list'), hold('app/web', 'web-amd64'), hold('app/web', 'web-arm64'),
       hold('app/web', 'web-s390x', 'gone'), hold('app/web', 'none-list'), hold('app/web', 'sbom'),
       hold('app/web', 'old'), hold('app/web', 'signature'), hold('app/web', 'untagged'),
       hold('app/api', 'api'), hold('app/apitest', 'api', 'digest mismatch'),
       hold('copy/web', 'web-amd64'),
       hold('library/odd', 'odd'), hold('library/odd', 'odd-decoy'),
       hold('only/digest', 'web-amd64'),
       hold('gone/repository', 'api');
SELECT put_tag('app/web', 'latest', 'web-list'), put_tag('app/web', '1.0', 'web-list'),
       put_tag('app/web', '1.0-amd64', 'web-amd64'), put_tag('app/web', 'none', 'none-list'),
       put_tag('app/web', 'sbom', 'sbom'), put_tag('app/web', 'old', 'old'),
       put_tag('app/web', 'Lost', NULL),
       put_tag('app/web', 'sha256-' || repeat('a', 64), 'signature'),
       put_tag('app/web', 'sha256-' || repeat('a', 64) || '.sig', 'web-amd64'),
       put_tag('app/api', 'v2', 'api'), put_tag('app/api', 'latest', 'api'),
       put_tag('app/apitest', 'latest', 'api'),
       put_tag('copy/web', 'only', 'web-amd64'),
       put_tag('library/odd', 'odd', 'odd'), put_tag('library/odd', 'decoy', 'odd-decoy'),
       put_tag('gone/repository', 'v1', 'api');
UPDATE repository SET deleted_at = now() WHERE name = 'gone/repository';

INSERT INTO repository_label
SELECT r.id, sha256(convert_to(lower(v), 'UTF8')), lower(v), 1
FROM (VALUES ('app/web', 'Acme'), ('app/web', 'Other'), ('app/web', 'app/web'), ('app/api', 'Acme'),
             ('copy/web', 'Acme'), ('library/odd', '100%_\')) l (name, v)
JOIN repository r USING (name);
