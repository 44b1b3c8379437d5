/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configurations by digest, for many manifests at once: those that are stored come from the store,
 * many in one question, the others from the registry, each once while several wait for it.
 */
#ifndef CONTENT_CONFIGS_H
#define CONTENT_CONFIGS_H

#include "writer/registry/client.h"

struct env;
struct content_configs;
struct content_config_wait; /* gone when its one callback comes */

/* `repository` lives as long. */
struct content_configs *content_configs_new(const struct env *env, struct ms_str repository,
                                            enum registry_priority priority);
/* No callbacks any more; NULL is fine. */
void content_configs_free(struct content_configs *configs);
/* From now on with the priority of events. */
void content_configs_hurry(struct content_configs *configs);

/* `on_done` gets it as from the registry (registry_get_blob), wherever it comes from; a failure of
 * the store is FAILED. `expects_unreadable`: when it is not stored, one answer is enough. */
struct content_config_wait *content_configs_get(struct content_configs *configs,
                                                const struct ms_digest *digest,
                                                bool expects_unreadable, registry_done *on_done,
                                                void *arg);
/* No callback comes any more; NULL is fine. */
void content_configs_cancel(struct content_config_wait *wait);

#endif
