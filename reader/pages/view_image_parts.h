/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the page of a manifest, each with its heading; nothing where there is nothing to show.
 */
#ifndef VIEW_IMAGE_PARTS_H
#define VIEW_IMAGE_PARTS_H

#include "reader/pages/image.h"

void view_image_settings(struct ms_buf *out, const struct image *page);
void view_image_layers(struct ms_buf *out, const struct image *page);
void view_image_labels(struct ms_buf *out, const struct image *page);
void view_image_packages(struct ms_buf *out, const struct image *page);
void view_image_referrers(struct ms_buf *out, const struct image *page);
void view_image_derived(struct ms_buf *out, const struct image *page);
void view_image_history(struct ms_buf *out, const struct image *page);

#endif
