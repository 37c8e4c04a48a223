/* What the plugins in C share: memory, frames, verdicts.
 *
 * Freestanding: no libc. Memory behind static data is one stack that grows upwards: what configure keeps, the room for frames, and
 * behind them the verdict of the call in hand, which the host copies when the call returns.
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include "weir_abi.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

/* text is a range of memory: UTF-8, without a zero at its end. */
typedef struct text {
    const u8 *p;
    u32 n;
} text;

#define TEXT(literal) ((text){(const u8 *)(literal), sizeof(literal) - 1})

/* ---- memory ---- */

extern u8 __heap_base;

static struct {
    u32 kept; /* end of what is kept for the instance's life; 0 before anything was asked for */
    u32 room; /* end of the room for frames */
} memory;

static u32 aligned(u32 at) { return (at + 7) & ~7u; }

/* reach makes memory up to end; 0 when the host gives no more. */
static int reach(u64 end) {
    u64 have = (u64)__builtin_wasm_memory_size(0) << 16;
    if (end <= have) return 1;
    return end < (u64)1 << 32 && __builtin_wasm_memory_grow(0, (u32)((end - have + 0xffff) >> 16)) != (size_t)-1;
}

void weir_abi_1(void) {}

/* weir_alloc gives room for frames. When the host asks again it is done with what it got. */
void *weir_alloc(u32 size) {
    if (memory.kept == 0) memory.kept = (u32)&__heap_base;
    u32 at = aligned(memory.kept);
    if (!reach((u64)at + size)) return 0;
    memory.room = at + size;
    return (void *)at;
}

/* spare is where nothing lies: behind what is kept, and behind the room for frames. */
static u32 spare(void) { return aligned(memory.kept > memory.room ? memory.kept : memory.room); }

/* keep is memory for the instance's life, for configure alone; a trap where there is none. It lies behind the frame in hand. */
static void *keep(u32 size) {
    u32 at = spare();
    if (!reach((u64)at + size)) __builtin_trap();
    memory.kept = at + size;
    return (void *)at;
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

/* ---- texts ---- */

static int same(text a, text b) {
    if (a.n != b.n) return 0;
    for (u32 i = 0; i < a.n; i++)
        if (a.p[i] != b.p[i]) return 0;
    return 1;
}

/* character is the length of the character that a text begins with; 0 where that is no UTF-8 (RFC 3629) or nothing. */
static u32 character(text t) {
    if (t.n == 0) return 0;
    u8 c = t.p[0];
    if (c < 0x80) return 1;
    u32 n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (n == 0 || n > t.n) return 0;
    for (u32 i = 1; i < n; i++)
        if ((t.p[i] & 0xc0) != 0x80) return 0;
    u8 d = t.p[1];
    if ((c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) || (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f)) return 0;
    return n;
}

/* control tells whether a text, of UTF-8, holds a control character (C0, DEL, C1). */
static int control(text t) {
    for (u32 i = 0; i < t.n; i++)
        if (t.p[i] < 0x20 || t.p[i] == 0x7f || (t.p[i] == 0xc2 && i + 1 < t.n && t.p[i + 1] < 0xa0)) return 1;
    return 0;
}

/* ---- verdicts ---- */

static struct {
    u8 *p;
    u32 n;
    u32 cap;    /* of it, in bytes; more can be had */
    u32 action; /* where the payload of the action being written begins */
    int full;   /* an action found no room: the verdict is not what it should be */
} verdict;

static void begin_verdict(void) {
    verdict.p = (u8 *)spare();
    verdict.n = verdict.cap = 0;
    verdict.full = 0;
}

static u64 end_verdict(void) { return verdict.n == 0 ? 0 : (u64)(u32)verdict.p << 32 | verdict.n; }

/* VERDICT_STEP is by how much the room for a verdict grows, in bytes: MAX_VERDICT is a multiple of it. */
#define VERDICT_STEP 4096

/* put makes room for n bytes more and gives it; null when the verdict would be larger than it may be. */
static u8 *put(u32 n) {
    if (n > verdict.cap - verdict.n) {
        if (verdict.full || n > WEIR_MAX_VERDICT - verdict.n) {
            verdict.full = 1;
            return 0;
        }
        verdict.cap = (verdict.n + n + VERDICT_STEP - 1) / VERDICT_STEP * VERDICT_STEP;
        if (!reach((u64)(u32)verdict.p + verdict.cap)) __builtin_trap();
    }
    u8 *at = verdict.p + verdict.n;
    verdict.n += n;
    return at;
}

/* put_bytes copies few bytes by itself: that is faster than to have the host do it. */
static void put_bytes(const void *p, u32 n) {
    u8 *to = put(n);
    const u8 *from = p;
    if (to == 0) return;
    if (n > 64) {
        __builtin_memcpy(to, p, n);
        return;
    }
    for (; n >= 8; n -= 8, to += 8, from += 8) __builtin_memcpy(to, from, 8);
    while (n-- > 0) *to++ = *from++;
}

static void put_u32(u32 v) {
    u8 *to = put(4);
    if (to) __builtin_memcpy(to, &v, 4);
}

static void put_text(text t) { put_u32(t.n), put_bytes(t.p, t.n); }

/* patch writes v over what stands at an offset of the verdict. */
static void patch(u32 at, u32 v) {
    if (!verdict.full) __builtin_memcpy(verdict.p + at, &v, 4);
}

static void put_decimal(u32 v) {
    u8 digits[10];
    u32 at = sizeof digits;
    do digits[--at] = '0' + v % 10;
    while (v /= 10);
    put_bytes(digits + at, sizeof digits - at);
}

static void begin_action(u32 kind) {
    put_u32(kind), put_u32(0);
    verdict.action = verdict.n;
}

static void end_action(void) { patch(verdict.action - 4, verdict.n - verdict.action); }

/* ---- refusing settings ---- */

static u32 message_at; /* where the length of the message being written stands */

/* begin_refusal begins a DENY of settings: what follows until end_refusal is its message. */
static void begin_refusal(text about) {
    begin_verdict();
    begin_action(WEIR_ACTION_DENY);
    put_u32(0), put_text(TEXT(""));
    message_at = verdict.n;
    put_u32(0), put_bytes(about.p, about.n);
}

static u64 end_refusal(void) {
    patch(message_at, verdict.n - message_at - 4);
    end_action();
    return end_verdict();
}

static void put_words(text t) { put_bytes(t.p, t.n); }

/* put_quoted puts t between quotation marks, cut where it is long. */
static void put_quoted(text t) {
    u32 n = 0;
    while (n < t.n && n < 60) {
        u32 c = character((text){t.p + n, t.n - n});
        if (c == 0) break;
        n += c;
    }
    put_bytes("\"", 1), put_bytes(t.p, n);
    if (n < t.n) put_words(TEXT("…"));
    put_bytes("\"", 1);
}

/* refuse is what configure answers to settings it cannot use. */
static u64 refuse(text about, text why) {
    begin_refusal(about);
    put_words(why);
    return end_refusal();
}

#endif
