-- SPDX-License-Identifier: Apache-2.0
-- Something was accepted unread: only a scan that begins after this can tell what it was.
UPDATE state SET scan_wanted = now();
