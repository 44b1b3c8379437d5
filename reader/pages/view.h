/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages as pure functions: a plain struct in, a whole page out. Strings are foreign unless a
 * comment says otherwise; absent means unknown, and so does a number below 0. What a struct points
 * to is borrowed.
 */
#ifndef VIEW_H
#define VIEW_H

#include "reader/html/chart.h"
#include "reader/html/layout.h"

/* The same for every page of one answer. */
struct view_frame {
    struct layout_site site;
    struct layout_truth truth;
};

struct view_strings {
    const struct ms_str *items;
    size_t n;
};

/* A name and how many have it. */
struct view_count {
    struct ms_str name;
    int64_t number;
};
struct view_counts {
    const struct view_count *items;
    size_t n;
};

/* Where a list goes on; absent: it does not. */
struct view_cursors {
    struct ms_str prev;
    struct ms_str next;
};

/* --- the pages, each in a file of its own --- */

struct home;
void view_home(struct ms_buf *out, const struct view_frame *frame, const struct home *home);
struct repositories;
void view_repositories(struct ms_buf *out, const struct view_frame *frame,
                       const struct repositories *page);
struct search;
void view_search(struct ms_buf *out, const struct view_frame *frame, const struct search *page);
struct repository;
void view_repository(struct ms_buf *out, const struct view_frame *frame,
                     const struct repository *page);
struct image;
void view_image(struct ms_buf *out, const struct view_frame *frame, const struct image *page);
struct packages;
void view_packages(struct ms_buf *out, const struct view_frame *frame, const struct packages *page);
struct compare;
void view_compare(struct ms_buf *out, const struct view_frame *frame, const struct compare *page);
struct stats;
void view_stats(struct ms_buf *out, const struct view_frame *frame, const struct stats *page);
void view_help(struct ms_buf *out, const struct view_frame *frame);
struct failure;
void view_failure(struct ms_buf *out, const struct view_frame *frame, const struct failure *page);

/* --- what several of them write --- */

/* A repository's name as a link to it. */
void view_repository_link(struct ms_buf *out, struct ms_str name);
/* A tag's name as a link to it. */
void view_tag_link(struct ms_buf *out, struct ms_str repository, struct ms_str tag);
/* Host and port of the registry. Where it is not known (a public URL that is a path: the same
 * address serves both) the script puts that of the page. */
void view_registry(struct ms_buf *out, const struct view_frame *frame);
/* "linux/amd64, arm64/v8, windows/amd64 and 3 more": a system that goes on is written once. Nothing
 * when there are none. */
void view_platforms(struct ms_buf *out, struct view_strings platforms, size_t at_most);
/* "curl -s "…"", the call that gives the same by machine. */
void view_curl(struct ms_buf *out, const struct link *api);
/* "signed", "SBOM", "provenance", as words. */
void view_evidence(struct ms_buf *out, bool is_signed, bool has_sbom, bool has_provenance);
/* Who pushed; absent: the registry did not tell. */
void view_pusher(struct ms_buf *out, struct ms_str name);
/* Foreign text goes into a command only if it is one word to every shell, and no option. */
bool view_is_plain_word(struct ms_str text);
/* How many Flatpak refs more than one repository offers, and what to do. */
void view_doubled_refs(struct ms_buf *out, int64_t count);
/* Links to the pages before and behind: `link` with the cursors; writes nothing itself. */
struct view_pages {
    struct link prev, next;
    bool has_prev, has_next;
};
void view_pages_init(struct view_pages *out, const struct link *link, struct view_cursors cursors);

#endif
