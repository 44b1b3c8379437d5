-- SPDX-License-Identifier: Apache-2.0
-- Keeps what pages show and is counted from scratch now and then.
SELECT keep_sizes();
