/* A reader of JSON (RFC 8259) for settings, which asks for what it wants: what is not as asked for is the caller's to refuse.
 *
 * Strings are unescaped into memory that is kept. What is not UTF-8, a lone surrogate or a bare control character is no string.
 */
#ifndef JSON_H
#define JSON_H

#include "plugin.h"

typedef struct json {
    const u8 *p, *end;
} json;

static void skip_blanks(json *j) {
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r')) j->p++;
}

/* json_take takes one of "{}[],:" if it is next. */
static int json_take(json *j, u8 c) {
    skip_blanks(j);
    if (j->p == j->end || *j->p != c) return 0;
    j->p++;
    return 1;
}

static int json_over(json *j) {
    skip_blanks(j);
    return j->p == j->end;
}

/* hex4 is the number that four hexadecimal digits spell; above 0xffff where they are none. */
static u32 hex4(const u8 *p) {
    u32 v = 0;
    for (int i = 0; i < 4; i++) {
        u8 c = p[i], lower = c | 0x20;
        if (c >= '0' && c <= '9') c -= '0';
        else if (lower >= 'a' && lower <= 'f') c = lower - 'a' + 10;
        else return 0x10000;
        v = v << 4 | c;
    }
    return v;
}

static u8 *put_character(u8 *out, u32 c) {
    if (c < 0x80) {
        *out++ = (u8)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (u8)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (u8)(0xe0 | c >> 12);
        } else {
            *out++ = (u8)(0xf0 | c >> 18);
            *out++ = (u8)(0x80 | (c >> 12 & 63));
        }
        *out++ = (u8)(0x80 | (c >> 6 & 63));
    }
    *out++ = (u8)(0x80 | (c & 63));
    return out;
}

/* unicode reads XXXX of an escape \uXXXX, and the other half of a pair; above 0x10ffff where that is no character. */
static u32 unicode(json *j) {
    const u32 none = 0x110000;
    if (j->end - j->p < 4) return none;
    u32 c = hex4(j->p);
    j->p += 4;
    if (c < 0xd800 || (c >= 0xe000 && c < 0x10000)) return c;
    if (c >= 0xdc00 || j->end - j->p < 6 || j->p[0] != '\\' || j->p[1] != 'u') return none;
    u32 low = hex4(j->p + 2);
    j->p += 6;
    return low < 0xdc00 || low >= 0xe000 ? none : 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* escape reads what follows a backslash; above 0x10ffff where that is no escape. */
static u32 escape(json *j) {
    if (j->p == j->end) return 0x110000;
    switch (*j->p++) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': return unicode(j);
    default: return 0x110000;
    }
}

/* json_string takes a string; 0 where something else is next. */
static int json_string(json *j, text *out) {
    if (!json_take(j, '"')) return 0;
    u32 most = 0; /* bytes it can have: an escape spells no more than it is long */
    while (j->p + most < j->end && j->p[most] != '"') most += j->p[most] == '\\' ? 2 : 1;
    u8 *to = keep(most);
    out->p = to;
    while (j->p < j->end && *j->p != '"') {
        u32 n = character((text){j->p, (u32)(j->end - j->p)});
        if (n == 0 || *j->p < 0x20) return 0;
        if (*j->p != '\\') {
            while (n-- > 0) *to++ = *j->p++;
            continue;
        }
        j->p++;
        u32 c = escape(j);
        if (c > 0x10ffff) return 0;
        to = put_character(to, c);
    }
    out->n = (u32)(to - out->p);
    return j->p++ < j->end;
}

#endif
