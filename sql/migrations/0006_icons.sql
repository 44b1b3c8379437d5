-- SPDX-License-Identifier: Apache-2.0
-- Icons that labels hold as data URIs are found by the hash of their value.

CREATE FUNCTION icon_hash(value text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256(convert_to(value, 'UTF8'));

CREATE INDEX label_icon ON label (icon_hash(value))
    WHERE key IN ('org.freedesktop.appstream.icon-64', 'org.freedesktop.appstream.icon-128')
      AND value LIKE 'data:image/%';

INSERT INTO schema_version (version, min_reader_version) VALUES (6, 1);
