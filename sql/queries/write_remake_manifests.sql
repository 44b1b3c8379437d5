-- SPDX-License-Identifier: Apache-2.0
-- Making contents again, 2: no other repository begins to hold these manifests until COMMIT. $1 digests: bytea[].
SELECT FROM manifest WHERE digest = ANY ($1::bytea[]) ORDER BY digest FOR UPDATE;
