/* What the C guests of this folder share: reading frames, writing verdicts, and as much JSON as their settings need.
 *
 * Freestanding: no libc. Frames lie at the start of the heap, which nobody else uses; everything else is static. Test
 * guests trust the host's frames and their own settings; what they print is bounded by VERDICT_SIZE.
 */
#ifndef GUEST_H
#define GUEST_H

#include "weir_abi.h"

#ifndef VERDICT_SIZE
#define VERDICT_SIZE 8192
#endif

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

typedef struct text {
    const u8 *p;
    u32 n;
} text;

#define TEXT(literal) ((text){(const u8 *)(literal), sizeof(literal) - 1})

void weir_abi_1(void) {}

extern u8 __heap_base;

/* Every frame goes to the same place: a frame is of no use after its call. */
void *weir_alloc(u32 size) {
    u64 base = ((u32)&__heap_base + 7) & ~7u;
    u64 have = (u64)__builtin_wasm_memory_size(0) << 16;
    if (base + size > have) {
        u64 pages = (base + size - have + 0xffff) >> 16;
        if (__builtin_wasm_memory_grow(0, (u32)pages) == (size_t)-1) return 0;
    }
    return (void *)(u32)base;
}

/* ---- frames ---- */

/* section is the payload of a kind; p is null where the frame lacks it. */
static text section(const void *frame, u32 kind) {
    const weir_header *h = frame;
    const weir_entry *e = (const weir_entry *)(h + 1);
    for (u32 i = 0; i < h->sections; i++)
        if (e[i].kind == kind) return (text){(const u8 *)frame + e[i].offset, e[i].length};
    return (text){0, 0};
}

static text part_text(text arena, const weir_part *p) { return (text){arena.p + p->offset, p->length}; }

static text delta_text(text arena, const weir_delta *d) { return (text){arena.p + d->offset, d->length}; }

/* ---- texts ---- */

static int equal(const u8 *a, const u8 *b, u32 n) {
    for (u32 i = 0; i < n; i++)
        if (a[i] != b[i]) return 0;
    return 1;
}

/* find is the offset of the first needle in hay at or after from; WEIR_NONE when there is none. */
static u32 find(text hay, text needle, u32 from) {
    if (needle.n == 0) return WEIR_NONE;
    for (u32 i = from; i + needle.n <= hay.n; i++)
        if (equal(hay.p + i, needle.p, needle.n)) return i;
    return WEIR_NONE;
}

/* begun is how many of the last bytes of hay, at or after from, could be the beginning of needle. */
static u32 begun(text hay, text needle, u32 from) {
    u32 n = hay.n - from;
    if (n >= needle.n) n = needle.n - 1;
    for (; n > 0; n--)
        if (equal(hay.p + hay.n - n, needle.p, n)) return n;
    return 0;
}

/* decimal writes v into a buffer of its own, which the next call reuses. */
static text decimal(int64_t v) {
    static u8 digits[20];
    u64 u = v < 0 ? -(u64)v : (u64)v;
    u8 *p = digits + sizeof digits;
    do *--p = '0' + u % 10;
    while (u /= 10);
    if (v < 0) *--p = '-';
    return (text){p, (u32)(digits + sizeof digits - p)};
}

/* ---- settings ---- */

static u32 hex4(const u8 *p) {
    u32 v = 0;
    for (int i = 0; i < 4; i++) v = v << 4 | ((p[i] & 15) + (p[i] > '9' ? 9 : 0));
    return v;
}

/* value is what follows "key": in a JSON object of scalars; p is null where there is none. */
static text value(text json, text key) {
    for (u32 i = 1; i + key.n + 2 < json.n; i++) {
        if (json.p[i - 1] != '"' || !equal(json.p + i, key.p, key.n) || json.p[i + key.n] != '"') continue;
        u32 at = i + key.n + 1;
        while (at < json.n && (json.p[at] == ' ' || json.p[at] == ':' || json.p[at] == '\n')) at++;
        return (text){json.p + at, json.n - at};
    }
    return (text){0, 0};
}

/* string_of unescapes the JSON string that is the value of key into out and answers its length, cut at cap; 0 where there is none.
 * Escapes beyond the basic plane are not understood. */
static u32 string_of(text json, text key, u8 *out, u32 cap) {
    text v = value(json, key);
    if (v.p == 0 || v.n == 0 || v.p[0] != '"') return 0;
    u32 n = 0;
    for (u32 i = 1; i < v.n && v.p[i] != '"' && n + 3 <= cap; i++) {
        u32 c = v.p[i];
        if (c == '\\' && ++i < v.n) {
            c = v.p[i];
            if (c == 'n') c = '\n';
            else if (c == 't') c = '\t';
            else if (c == 'u' && i + 4 < v.n) {
                c = hex4(v.p + i + 1);
                i += 4;
                if (c >= 0x800) out[n++] = 0xe0 | c >> 12, out[n++] = 0x80 | (c >> 6 & 63), c = 0x80 | (c & 63);
                else if (c >= 0x80) out[n++] = 0xc0 | c >> 6, c = 0x80 | (c & 63);
            }
        }
        out[n++] = (u8)c;
    }
    return n;
}

/* number_of is the whole number that is the value of key, or otherwise. */
static int64_t number_of(text json, text key, int64_t otherwise) {
    text v = value(json, key);
    u32 i = 0;
    int64_t n = 0;
    if (v.p == 0 || v.n == 0 || v.p[0] < '0' || v.p[0] > '9') return otherwise;
    for (; i < v.n && v.p[i] >= '0' && v.p[i] <= '9'; i++) n = n * 10 + (v.p[i] - '0');
    return n;
}

/* ---- verdicts ---- */

static u8 verdict[VERDICT_SIZE];
static u32 verdict_n;
static u32 action_at; /* where the payload of the action being written begins */

/* full is set when an action found no room: the verdict is not what it should be. */
static int full;

static void begin_verdict(void) { verdict_n = 0, full = 0; }

static u64 end_verdict(void) { return verdict_n == 0 ? 0 : (u64)(u32)verdict << 32 | verdict_n; }

static void put_bytes(const void *p, u32 n) {
    if (n > VERDICT_SIZE - verdict_n) {
        full = 1;
        return;
    }
    __builtin_memcpy(verdict + verdict_n, p, n);
    verdict_n += n;
}

static void put_u32(u32 v) { put_bytes(&v, 4); }
static void put_i64(int64_t v) { put_bytes(&v, 8); }
static void put_f64(double v) { put_bytes(&v, 8); }
static void put_text(text t) { put_u32(t.n), put_bytes(t.p, t.n); }

static void begin_action(u32 kind) {
    weir_action a = {(uint16_t)kind, 0, 0};
    put_bytes(&a, sizeof a);
    action_at = verdict_n;
}

static void end_action(void) {
    u32 n = verdict_n - action_at;
    if (!full) __builtin_memcpy(verdict + action_at - 4, &n, 4);
}

static void put_pair(u32 kind, text a, text b) { begin_action(kind), put_text(a), put_text(b), end_action(); }
static void put_tag(text name, text v) { put_pair(WEIR_ACTION_TAG, name, v); }
static void put_number_tag(text name, int64_t v) { put_tag(name, decimal(v)); }
static void put_stop(text type, text message) { put_pair(WEIR_ACTION_STOP, type, message); }
static void put_header(text name, text v) { put_pair(WEIR_ACTION_SET_HEADER, name, v); }

static void put_deny(u32 status, text type, text message) {
    begin_action(WEIR_ACTION_DENY), put_u32(status), put_text(type), put_text(message), end_action();
}

static void put_route(u32 what, text name) { begin_action(WEIR_ACTION_ROUTE), put_u32(what), put_text(name), end_action(); }

static void put_edit(u32 kind, u32 index, u32 offset, u32 length, text by) {
    begin_action(kind), put_u32(index), put_u32(offset), put_u32(length), put_text(by), end_action();
}

static void put_hold(u32 n) { begin_action(WEIR_ACTION_HOLD), put_u32(n), end_action(); }

static void put_score(double v, int32_t message, text name) {
    begin_action(WEIR_ACTION_SCORE), put_f64(v), put_u32((u32)message), put_text(name), end_action();
}

static void put_param(u32 what, double v) { begin_action(WEIR_ACTION_PARAM), put_u32(what), put_f64(v), end_action(); }

static void put_insert(u32 before, u32 role, text t) {
    begin_action(WEIR_ACTION_INSERT), put_u32(before), put_u32(role), put_text(t), end_action();
}

static void put_want_text(void) { begin_action(WEIR_ACTION_WANT_TEXT), end_action(); }

/* refuse is what configure answers to settings it cannot use. */
static u64 refuse(text why) {
    begin_verdict();
    put_deny(0, TEXT(""), why);
    return end_verdict();
}

static u64 manifest(text json) { return (u64)(u32)json.p << 32 | json.n; }

#endif
