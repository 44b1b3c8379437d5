-- SPDX-License-Identifier: Apache-2.0
-- All documents are of this version. $1 term bigint, $2 version smallint, $3 were some made again boolean.
SELECT end_documents($1::bigint, $2::smallint, $3::boolean);
