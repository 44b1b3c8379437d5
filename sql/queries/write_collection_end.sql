-- SPDX-License-Identifier: Apache-2.0
-- A run of the garbage collection ended. $1 when it began in ms since 1970, $2 manifests deleted here,
-- $3 deleted from the registry, $4 that a dry run would have deleted: bigint.
INSERT INTO collection (started, ended, manifests, registry_manifests, dry_run)
VALUES (to_timestamp($1::bigint / 1000.0), now(), $2::bigint, $3::bigint, $4::bigint);
