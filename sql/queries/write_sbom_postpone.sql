-- SPDX-License-Identifier: Apache-2.0
-- Looks again later: after 1, 2, 4 … seconds, at most an hour. $1 id of the manifest bigint, $2 the digest that it is
-- about: bytea.
UPDATE sbom_source
   SET attempts = attempts + 1, not_before = now() + make_interval(secs => least(3600, 2 ^ least(attempts, 12)))
 WHERE manifest_id = $1::bigint AND about = $2::bytea;
