/* Tags a request with what its frame holds: "hook", "flags" and "size" from the header; the length of each section by its number ("8");
 * its strings (tenant, route, model, request_id, session, text); of each header, target, score and tag its value, under "header:NAME", "target:NAME", "score:NAME"
 * and "tag:NAME". */
#define VERDICT_SIZE 131072
#include "guest.h"

u64 weir_manifest(void) {
    return manifest(TEXT("{\"name\":\"echo\",\"version\":\"1\",\"sections\":{\"request\":[\"request\",\"tenant\",\"route\",\"model\",\"request_id\",\"session\",\"messages\","
                         "\"text\",\"signals\",\"prefix\",\"tools\",\"headers\",\"targets\",\"body\",\"scores\",\"tags\"],"
                         "\"delta\":[\"tenant\",\"text\",\"stream_state\"],\"end\":[\"tenant\",\"usage\",\"scores\",\"tags\"]},"
                         "\"headers\":[\"user-agent\",\"x-echo\"]}"));
}

/* joined is "kind:name" in a buffer that the next call reuses. */
static text joined(const char *kind, u32 n, const u8 *name, u32 length) {
    static u8 buffer[WEIR_MAX_NAME];
    if (n + length > sizeof buffer) length = sizeof buffer - n;
    __builtin_memcpy(buffer, kind, n);
    __builtin_memcpy(buffer + n, name, length);
    return (text){buffer, n + length};
}

static void headers(text s) {
    const weir_list *list = (const weir_list *)s.p;
    const weir_header_field *e = (const weir_header_field *)(list + 1);
    for (u32 i = 0; s.p && i < list->count; i++)
        put_tag(joined("header:", 7, s.p + e[i].name_offset, e[i].name_length), (text){s.p + e[i].value_offset, e[i].value_length});
}

static void targets(text s) {
    const weir_list *list = (const weir_list *)s.p;
    const weir_target *e = (const weir_target *)(list + 1);
    for (u32 i = 0; s.p && i < list->count; i++)
        put_tag(joined("target:", 7, s.p + e[i].name_offset, e[i].name_length), (text){s.p + e[i].data_offset, e[i].data_length});
}

static void scores(text s) {
    const weir_list *list = (const weir_list *)s.p;
    const weir_score *e = (const weir_score *)(list + 1);
    for (u32 i = 0; s.p && i < list->count; i++)
        put_number_tag(joined("score:", 6, s.p + e[i].name_offset, e[i].name_length), (int64_t)(e[i].value * 1000));
}

static void tags(text s) {
    const weir_list *list = (const weir_list *)s.p;
    const weir_tag *e = (const weir_tag *)(list + 1);
    for (u32 i = 0; s.p && i < list->count; i++)
        put_tag(joined("tag:", 4, s.p + e[i].name_offset, e[i].name_length), (text){s.p + e[i].value_offset, e[i].value_length});
}

static void string(const void *frame, u32 kind, text name) {
    text s = section(frame, kind);
    if (s.n > WEIR_MAX_VALUE) s.n = WEIR_MAX_VALUE; /* may cut a character: texts of tests are short */
    if (s.p) put_tag(name, s);
}

static u64 echo(const void *frame) {
    const weir_header *h = frame;
    const weir_entry *e = (const weir_entry *)(h + 1);
    begin_verdict();
    put_number_tag(TEXT("hook"), h->hook);
    put_number_tag(TEXT("flags"), h->flags);
    put_number_tag(TEXT("size"), h->size);
    for (u32 i = 0; i < h->sections; i++) {
        u8 digits[2] = {'0' + e[i].kind / 10 % 10, '0' + e[i].kind % 10};
        u32 one = e[i].kind < 10;
        put_number_tag((text){digits + one, 2 - one}, e[i].length);
    }
    string(frame, WEIR_SECTION_TENANT, TEXT("tenant"));
    string(frame, WEIR_SECTION_ROUTE, TEXT("route"));
    string(frame, WEIR_SECTION_MODEL, TEXT("model"));
    string(frame, WEIR_SECTION_REQUEST_ID, TEXT("request_id"));
    string(frame, WEIR_SECTION_TEXT, TEXT("text"));
    text s = section(frame, WEIR_SECTION_SESSION);
    if (s.p) put_tag(TEXT("session"), (text){s.p + sizeof(weir_session), s.n - (u32)sizeof(weir_session)});
    headers(section(frame, WEIR_SECTION_HEADERS));
    targets(section(frame, WEIR_SECTION_TARGETS));
    scores(section(frame, WEIR_SECTION_SCORES));
    tags(section(frame, WEIR_SECTION_TAGS));
    return end_verdict();
}

u64 weir_on_request(const void *frame, u32 size) { return echo(frame); }
u64 weir_on_delta(const void *frame, u32 size) { return echo(frame); }
u64 weir_on_end(const void *frame, u32 size) { return echo(frame); }
