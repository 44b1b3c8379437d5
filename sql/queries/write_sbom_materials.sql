-- SPDX-License-Identifier: Apache-2.0
-- Materials of the provenance that is being read. $1 the document's digest: bytea. Arrays, one element a material: $2 digests
-- bytea[], $3 URIs text[] ('': none).
SELECT stage_materials($1::bytea, $2::bytea[], $3::text[]);
