-- SPDX-License-Identifier: Apache-2.0
-- Digests as text and as bytes: one byte for the algorithm (1: sha256, 2: sha512), then the hash.

CREATE OR REPLACE FUNCTION digest_text(digest bytea) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE get_byte(digest, 0) WHEN 1 THEN 'sha256:' ELSE 'sha512:' END
           || encode(substr(digest, 2), 'hex');

CREATE OR REPLACE FUNCTION digest_bytes(digest text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE split_part(digest, ':', 1) WHEN 'sha256' THEN '\x01'::bytea ELSE '\x02'::bytea END
           || decode(split_part(digest, ':', 2), 'hex');
