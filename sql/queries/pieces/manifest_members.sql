    -- What the answers about a manifest and the dump say of it alike. `c`: a manifest, the repositories that may
    -- serve what belongs to it, why it cannot be read and since when. Gives document.members, content.members.
    CROSS JOIN LATERAL (SELECT c.id AS manifest_id, c.repositories) top
    CROSS JOIN LATERAL (
-- include total_size.sql
    ) weight
    CROSS JOIN LATERAL (
        SELECT substr(left(row_to_json(d)::text, -1), 2) AS members
        FROM (SELECT digest_text(c.digest) AS digest, c.media_type,
                     CASE WHEN c.kind <> 'image' THEN c.artifact_type END AS artifact_type,
                     CASE WHEN failure.reason IS NOT NULL THEN 'unreadable'
                          WHEN c.kind = 'schema1' THEN 'image' ELSE c.kind END AS kind,
                     c.size, coalesce(weight.bytes, 0) AS total_size,
                     coalesce(c.annotations, '{}')::json AS annotations,
                     digest_text(c.subject) AS subject,
                     CASE WHEN failure.reason IS NOT NULL THEN row_to_json(failure) END AS unreadable,
                     array_to_json(ARRAY(
                         SELECT row_to_json(f)
                         FROM (SELECT digest_text(s.digest) AS digest, s.media_type, s.artifact_type,
                                      s.size, coalesce(s.annotations, '{}')::json AS annotations
                               FROM manifest s
                               WHERE s.subject = c.digest
                                 AND EXISTS (SELECT FROM repository_manifest h
                                             WHERE h.manifest_id = s.id AND h.unreadable IS NULL
                                               AND h.repository_id = ANY (c.repositories) OFFSET 0)
                               ORDER BY s.digest
                               LIMIT 1000) f)) AS referrers
              FROM (SELECT coalesce(c.reason, CASE c.kind WHEN 'unknown' THEN 'not read yet' END)
                               AS reason,
                           to_char(c.unreadable_since AT TIME ZONE 'UTC',
                                   'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since) failure) d
    ) document
    -- The configuration's document, whose first member is os_features (since version 2) and whose last are
    -- diff_ids and history (writer/parse/manifest_document.c): within a string the quotes would be escaped, so this
    -- is where they begin. OFFSET 0: taken apart once.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN starts_with(f.document, '"os_features":')
                    THEN split_part(f.document, ',"config_digest":', 1) ELSE '"os_features":[]' END AS os_features,
               substr(split_part(f.document, ',"diff_ids":[', 1), strpos(f.document, '"config_digest":')) AS members,
               ('[' || split_part(split_part(f.document, ',"diff_ids":[', 2), '],"history":[', 1) || ']')::json
                   AS diff_ids,
               ('[' || coalesce(nullif(split_part(f.document, '],"history":[', 2), ''), ']'))::json AS history
        FROM (SELECT (SELECT document FROM config WHERE id = c.config_id AND c.kind = 'image')
                         AS document OFFSET 0) f
        OFFSET 0
    ) config
    CROSS JOIN LATERAL (
        SELECT count(*) AS n, array_agg(l.digest ORDER BY ml.position) AS digests,
               array_to_json(array_agg((left(json_strip_nulls(row_to_json(l))::text, -1) || ',"size":'
                                           || coalesce(ml.size::text, 'null') || '}')::json
                                       ORDER BY ml.position)) AS list
        FROM manifest_layer ml
        CROSS JOIN LATERAL (SELECT digest FROM blob WHERE id = ml.blob_id OFFSET 0) b
        CROSS JOIN LATERAL (SELECT digest_text(b.digest) AS digest, ml.media_type,
                                   config.diff_ids ->> ml.position AS diff_id) l
        WHERE ml.manifest_id = c.id
    ) layer
    CROSS JOIN LATERAL (
        -- Entries that are not empty made the layers, in order; if as many there are.
        SELECT array_to_json(array_agg(
                   CASE WHEN e.is_empty OR e.n <> layer.n THEN e.value
                        ELSE (left(e.value::text, -1) || ',"layer":"' || layer.digests[e.number] || '"}')
                                 ::json END
                   ORDER BY e.place)) AS list
        FROM (SELECT h.value, h.place, h.value ->> 'empty_layer' = 'true' AS is_empty,
                     count(*) FILTER (WHERE h.value ->> 'empty_layer' = 'false') OVER () AS n,
                     count(*) FILTER (WHERE h.value ->> 'empty_layer' = 'false')
                         OVER (ORDER BY h.place) AS number
              FROM json_array_elements(config.history) WITH ORDINALITY AS h (value, place)) e
    ) history
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN c.kind = 'index' THEN ',"manifests":' || array_to_json(ARRAY(
                SELECT (left(json_strip_nulls(row_to_json(part))::text, -1) || ',"size":'
                        || coalesce(mc.size::text, 'null') || '}')::json
                FROM manifest_child mc
                CROSS JOIN LATERAL (
                    SELECT id, digest, media_type, kind, os, architecture, variant, os_version
                    FROM manifest WHERE id = mc.child_id OFFSET 0) m
                CROSS JOIN LATERAL (
                    SELECT digest_text(m.digest) AS digest,
                           coalesce(mc.media_type, m.media_type) AS media_type,
                           CASE WHEN mc.is_attestation THEN 'attestation'
                                WHEN m.kind = 'unknown' OR NOT EXISTS (
                                    SELECT FROM repository_manifest h
                                    WHERE h.manifest_id = m.id AND h.unreadable IS NULL
                                      AND h.repository_id = ANY (c.repositories) OFFSET 0)
                                    THEN 'unreadable'
                                WHEN m.kind = 'schema1' THEN 'image'
                                ELSE m.kind END AS kind,
                           digest_text(mc.about) AS about,
                           nullif(json_strip_nulls(json_build_object(
                               'os', coalesce(mc.os, m.os),
                               'architecture', coalesce(mc.architecture, m.architecture),
                               'variant', coalesce(mc.variant, m.variant),
                               'os_version', coalesce(mc.os_version, m.os_version),
                               'os_features', mc.os_features::json))::text, '{}')::json AS platform,
                           coalesce(mc.annotations, '{}')::json AS annotations) part
                WHERE mc.parent_id = c.id
                ORDER BY mc.position))::text
                -- its entries that are no manifests
                || CASE WHEN layer.n > 0 THEN ',"layers":' || layer.list::text ELSE '' END
            WHEN config.members IS NOT NULL THEN ',' || config.os_features || ',"image":{' || config.members
                || ',"layers":' || coalesce(layer.list::text, '[]')
                || ',"history":' || coalesce(history.list::text, '[]') || '}'
            WHEN layer.n > 0 THEN ',"layers":' || layer.list::text
            ELSE '' END AS members
    ) content
