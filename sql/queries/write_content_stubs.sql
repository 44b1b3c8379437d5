-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 3: rows for the manifests and their children. $1 digests: bytea[].
SELECT add_manifest_stubs($1::bytea[]);
