-- SPDX-License-Identifier: Apache-2.0
-- Column: milliseconds until the next event that is not due yet, pulls aside; NULL: there is none. A new
-- event is due at once, so only one that was looked at is not.
SELECT ceil(extract(epoch FROM min(not_before) - now()) * 1000)::bigint
  FROM inbox WHERE action <> 'pull' AND attempts > 0 AND not_before > now();
