-- SPDX-License-Identifier: Apache-2.0
-- What names an icon that a label holds.

-- The SHA-256 of a text's UTF-8. A text has one always: so an index may hold it, though convert_to() is only called
-- stable, because in other databases conversions can be changed.
CREATE OR REPLACE FUNCTION icon_hash(value text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256(convert_to(value, 'UTF8'));
