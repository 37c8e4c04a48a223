/* Looking for phrases: lists that the host compiles, and the matches in a text one by one. */
#ifndef SEARCH_H
#define SEARCH_H

#include "settings.h"

/* MATCHES are asked for at a time: more than can begin at one character, as every phrase begins there at most once. */
#define MATCHES 2048
typedef char room_for_all_that_begin_at_one_character[MATCHES > MAX_PHRASES ? 1 : -1];

/* span is the most bytes that what equals a text without regard to case can have: the host folds k and the Kelvin sign, s and
 * the long s, and among the others characters of two bytes with such of three. A test holds that to Unicode. */
static u32 span(text t) {
    u32 n = 0;
    for (u32 i = 0, size; i < t.n; i += size) {
        u8 c = t.p[i], lower = c | 0x20;
        size = character((text){t.p + i, t.n - i});
        n += size == 2 || lower == 'k' ? 3 : lower == 's' && size == 1 ? 2 : size;
    }
    return n;
}

/* lines is how many bytes a list of the phrases of these settings (bits by setting) has, its line ends included. */
static u32 lines(u32 of) {
    u32 n = 0;
    for (u32 i = 0; i < settings.count; i++)
        if (of >> settings.phrases[i].setting & 1) n += settings.phrases[i].words.n + 1;
    return n;
}

/* compile has the host compile the phrases of these settings. The list is composed where verdicts are. */
static int compile(list *l, u32 of) {
    l->handle = -1;
    begin_verdict();
    for (u32 i = 0; i < settings.count; i++) {
        const phrase *p = &settings.phrases[i];
        if (!(of >> p->setting & 1)) continue;
        put_words(p->words), put_bytes("\n", 1);
        l->phrases[l->count++] = (u16)i;
    }
    if (l->count == 0) return 1;
    l->handle = weir_pattern_compile(verdict.p, verdict.n);
    return l->handle >= 0;
}

/* A search walks the matches of a list in a text, in the order of their starts, overlapping ones too. There is one at a time. */
typedef struct search {
    const list *list;
    text in;
    u32 from;       /* where the matches in hand were looked for */
    u32 next, have; /* of found */
    u32 rest;       /* where to look for more of them; WEIR_NONE: there are no more */
} search;

static weir_match found[MATCHES];

static search begin_search(const list *l, text in) { return (search){.list = l, .in = in, .rest = in.n == 0 ? WEIR_NONE : 0}; }

/* look fills found. When it is full, there may be more that begin where the last one does: those are looked for again. */
static void look(search *s) {
    s->from = s->rest;
    int32_t n = weir_pattern_scan(s->list->handle, s->in.p + s->from, s->in.n - s->from, found, MATCHES);
    if (n < 0) __builtin_trap();
    s->next = 0, s->have = (u32)n, s->rest = WEIR_NONE;
    if (s->have < MATCHES) return;
    u32 last = found[MATCHES - 1].start;
    while (found[s->have - 1].start == last) s->have--;
    s->rest = s->from + last;
}

/* next_match gives the next match; null when there is none. It stands until the next one. */
static phrase *next_match(search *s, u32 *start, u32 *end) {
    if (s->next == s->have) {
        if (s->rest == WEIR_NONE) return 0;
        look(s);
        if (s->have == 0) return 0;
    }
    const weir_match *m = &found[s->next++];
    *start = s->from + m->start, *end = s->from + m->end;
    return &settings.phrases[s->list->phrases[m->pattern]];
}

#endif
