-- SPDX-License-Identifier: Apache-2.0
-- What is taken from outside as a number: values that cannot be are unknown, so that no manifest and no event
-- makes a transaction fail.

-- Bytes as a descriptor says: NULL below 0, and above 2^53 - 1, which is what every JSON reader can hold.
CREATE OR REPLACE FUNCTION known_size(size bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN size BETWEEN 0 AND 9007199254740991 THEN size END;

-- Milliseconds since 1970: NULL outside of the years 1 to 9999, which is what RFC 3339 can write.
CREATE OR REPLACE FUNCTION known_time(ms bigint) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN ms BETWEEN -62135596800000 AND 253402300799999 THEN to_timestamp(ms / 1000.0) END;
