-- SPDX-License-Identifier: Apache-2.0
-- SBOMs are not wanted: removes a batch. $1 term bigint, $2 at most rows: bigint. One row: how many went.
SELECT forget_packages($1::bigint, $2::bigint);
