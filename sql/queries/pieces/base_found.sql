    -- The base of an image: the tagged image, now or in history, whose whole chain is the longest proper prefix of the
    -- chain of `image.id`. Of several with that chain the one that the image's provenance names, or that of an index that
    -- holds it, else its annotations, else one that a tag still points to, by names; of very many only the newest are
    -- looked at. One row, if there is a base.
    SELECT named.repository, named.tag, named.digest, named.index, named.is_material, named.is_claimed_digest,
           named.is_claimed_name, moves.behind
    FROM (SELECT nullif(max(a.value) FILTER (WHERE a.key = 'org.opencontainers.image.base.digest'), '') AS digest,
                 nullif(max(a.value) FILTER (WHERE a.key = 'org.opencontainers.image.base.name'), '') AS name
          FROM (SELECT key, value FROM annotation WHERE manifest_id = image.id OFFSET 0) a) claim
    -- As it would be named here: without a digest behind it, with a tag.
    CROSS JOIN LATERAL (SELECT CASE WHEN c.name ~ ':[^/]*$' THEN c.name ELSE c.name || ':latest' END AS name,
                               CASE WHEN claim.digest ~ '^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$'
                                    THEN digest_bytes(claim.digest) END AS digest
                        FROM (SELECT split_part(claim.name, '@', 1) AS name) c OFFSET 0) asked
    CROSS JOIN LATERAL (
        SELECT array_agg(m.digest) AS digests, array_agg(i.id) FILTER (WHERE i.id IS NOT NULL) AS images
        FROM (SELECT image.id
              UNION ALL
              SELECT index_id FROM index_image WHERE image_id = image.id) top
        CROSS JOIN LATERAL (SELECT digest FROM image_material WHERE image_id = top.id OFFSET 0) m
        LEFT JOIN LATERAL (SELECT id FROM manifest WHERE digest = m.digest OFFSET 0) c ON true
        LEFT JOIN LATERAL (SELECT c.id
                           UNION ALL
                           SELECT image_id FROM index_image WHERE index_id = c.id) i ON true
    ) material
    CROSS JOIN LATERAL (
        SELECT asked.digest IS NOT NULL OR asked.name IS NOT NULL OR material.digests IS NOT NULL AS is_there
    ) hint
    -- Many may have the same layers, rebuilt every night, or with other settings: the newest, and what the image names.
    CROSS JOIN LATERAL (
        -- Most images name nothing: then what is found depends on the chain alone, and the planner remembers it for the
        -- next image on the same base, once it was read to its end. -depth keeps it from walking an index of depths, which
        -- would stop before that.
        (SELECT best.*, false AS is_material, false AS is_claimed_digest, false AS is_claimed_name
         FROM (SELECT chain, depth FROM image_chain WHERE manifest_id = image.id AND NOT is_whole OFFSET 0) part
         CROSS JOIN LATERAL (
             SELECT tagged.*
             FROM (SELECT manifest_id FROM image_chain WHERE chain = part.chain AND is_whole
                   ORDER BY manifest_id DESC LIMIT 16) whole
             CROSS JOIN LATERAL (
-- include base_tagged.sql
             ) tagged
             ORDER BY tagged.is_open DESC, tagged.repository, tagged.tag, tagged.top_id DESC, tagged.manifest_id DESC
             LIMIT 1
         ) best
         WHERE NOT hint.is_there
         ORDER BY -part.depth
         LIMIT 1)
        UNION ALL
        (SELECT best.*
         FROM (SELECT chain, depth FROM image_chain WHERE manifest_id = image.id AND NOT is_whole
               ORDER BY depth DESC OFFSET 0) part
         CROSS JOIN LATERAL (
             SELECT tagged.*,
                    coalesce(tagged.digest = ANY (material.digests) OR tagged.index = ANY (material.digests), false)
                        AS is_material,
                    coalesce(asked.digest IN (tagged.digest, tagged.index), false) AS is_claimed_digest,
                    -- Most have another tag: nothing is made of them.
                    CASE WHEN right(asked.name, length(tagged.tag) + 1) = ':' || tagged.tag
                         THEN asked.name = ref.name OR 'library/' || asked.name = ref.name
                              OR right(asked.name, length(ref.name) + 1) = '/' || ref.name
                         ELSE false END AS is_claimed_name
             FROM ((SELECT manifest_id FROM image_chain WHERE chain = part.chain AND is_whole
                    ORDER BY manifest_id DESC LIMIT 16)
                   UNION
                   SELECT w.manifest_id
                   FROM (SELECT id FROM manifest WHERE digest = asked.digest OFFSET 0) c
                   CROSS JOIN LATERAL (SELECT c.id
                                       UNION ALL
                                       SELECT image_id FROM index_image WHERE index_id = c.id) i
                   CROSS JOIN LATERAL (SELECT manifest_id FROM image_chain
                                       WHERE manifest_id = i.id AND chain = part.chain AND is_whole OFFSET 0) w
                   UNION
                   SELECT w.manifest_id
                   FROM unnest(material.images) AS i (id)
                   CROSS JOIN LATERAL (SELECT manifest_id FROM image_chain
                                       WHERE manifest_id = i.id AND chain = part.chain AND is_whole OFFSET 0) w) whole
             CROSS JOIN LATERAL (
-- include base_tagged.sql
             ) tagged
             CROSS JOIN LATERAL (SELECT tagged.repository || ':' || tagged.tag AS name) ref
             ORDER BY is_material DESC, is_claimed_digest DESC, is_claimed_name DESC, tagged.is_open DESC,
                      tagged.repository, tagged.tag, tagged.top_id DESC, tagged.manifest_id DESC
             LIMIT 1
         ) best
         WHERE hint.is_there
         ORDER BY part.depth DESC
         LIMIT 1)
    ) named
    -- How often its tag has moved since it last pointed there.
    CROSS JOIN LATERAL (
        SELECT count(*) AS behind
        FROM tag_history later
        WHERE later.repository_id = named.repository_id AND later.tag = named.tag AND later.digest IS NOT NULL
          AND later.id > (SELECT max(l.id)
                          FROM (SELECT named.manifest_id AS id
                                UNION ALL
                                SELECT index_id FROM index_image WHERE image_id = named.manifest_id) top
                          CROSS JOIN LATERAL (SELECT digest FROM manifest WHERE id = top.id OFFSET 0) t
                          CROSS JOIN LATERAL (SELECT id FROM tag_history
                                              WHERE digest = t.digest AND repository_id = named.repository_id
                                                AND tag = named.tag OFFSET 0) l)
    ) moves
