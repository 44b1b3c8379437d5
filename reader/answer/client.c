/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose request it is.
 */
#include "reader/answer/client.h"

#include <string.h>

enum { CLIENT_BITS_OF_V6 = 64 };

const struct client CLIENT_LOCAL = {{{0}}};
/* All of it is multicast: nobody's address. */
const struct client CLIENT_OWN = {{{0xff, 0xff}}};

/* With or without a port. */
static bool read_address(struct ms_ip *out, struct ms_str text)
{
    if (ms_ip_parse(out, text) == MS_OK)
        return true;
    const char *colon = text.len > 0 ? memrchr(text.ptr, ':', text.len) : NULL;
    return colon != NULL &&
           ms_ip_parse(out, ms_str_slice(text, 0, (size_t)(colon - text.ptr))) == MS_OK;
}

static bool is_trusted(const struct ms_ip *ip, const struct ms_string_list *trusted_proxies)
{
    struct ms_network network;
    for (size_t i = 0; i < trusted_proxies->count; i++) {
        if (ms_network_parse(&network, ms_str(trusted_proxies->items[i])) == MS_OK &&
            ms_network_contains(&network, ip))
            return true;
    }
    return false;
}

/* Cuts the last item off a list with commas. */
static struct ms_str cut_last(struct ms_str *list)
{
    const char *comma = list->len > 0 ? memrchr(list->ptr, ',', list->len) : NULL;
    size_t begin = comma != NULL ? (size_t)(comma - list->ptr) + 1 : 0;
    struct ms_str last = ms_str_trim(ms_str_skip(*list, begin));
    *list = ms_str_slice(*list, 0, begin > 0 ? begin - 1 : 0);
    return last;
}

void client_find(struct client *out, struct ms_str peer, struct ms_str forwarded,
                 const struct ms_string_list *trusted_proxies)
{
    struct ms_ip ip, next;
    if (!read_address(&ip, peer)) {
        *out = CLIENT_LOCAL;
        return;
    }
    while (forwarded.len > 0 && is_trusted(&ip, trusted_proxies) &&
           read_address(&next, cut_last(&forwarded)))
        ip = next;
    if (!ms_ip_is_v4(&ip))
        ms_ip_mask(&ip, CLIENT_BITS_OF_V6);
    out->ip = ip;
}
