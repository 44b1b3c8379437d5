-- SPDX-License-Identifier: Apache-2.0
-- Storing contents, 9: images below these manifests and below indexes that list them.
-- $1 digests: bytea[].
-- A crash of the server may undo the last contents: nobody saw them, and they are fetched again.
SELECT set_config('synchronous_commit', 'off', true),
       refresh_index_images(ARRAY(SELECT id FROM manifest WHERE digest = ANY ($1::bytea[])));
