/* SPDX-License-Identifier: Apache-2.0 */
/* From the API's document of a manifest to what the pages about it show. */
#ifndef READ_IMAGE_H
#define READ_IMAGE_H

#include "reader/pages/image.h"
#include "reader/pages/page.h"

/* Fills everything that the document says; strings lie in the page's arena. */
void read_image(struct image *out, struct page *page, struct ms_str manifest,
                struct ms_str weights);
/* "linux/arm64/v8" of an object with os, architecture and variant; absent: it says no system. */
struct ms_str read_platform(struct page *page, struct ms_str object);

#endif
