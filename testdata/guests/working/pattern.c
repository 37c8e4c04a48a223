/* Scans texts for phrases with the host's matcher. Settings: {"phrases": "one\nanother"}. Tags: "matches" how many there are, and for the first
 * of them "pattern", "start" and "end", offsets in TEXT. */
#include "guest.h"

static int32_t handle;

u64 weir_manifest(void) { return manifest(TEXT("{\"name\":\"pattern\",\"version\":\"1\",\"sections\":[\"text\"]}")); }

u64 weir_on_configure(const void *frame, u32 size) {
    static u8 phrases[4096];
    u32 n = string_of(section(frame, WEIR_SECTION_CONFIG), TEXT("phrases"), phrases, sizeof phrases);
    if (n == 0) return refuse(TEXT("phrases: a string that is not empty is needed, a phrase a line"));
    handle = weir_pattern_compile(phrases, n);
    return handle < 0 ? refuse(TEXT("phrases: the host cannot compile them")) : 0;
}

u64 weir_on_request(const void *frame, u32 size) {
    static weir_match match[16];
    text arena = section(frame, WEIR_SECTION_TEXT);
    int32_t n = weir_pattern_scan(handle, arena.p, arena.n, match, 16);
    if (n == 0) return 0;
    begin_verdict();
    put_number_tag(TEXT("matches"), n);
    if (n > 0) {
        put_number_tag(TEXT("pattern"), match[0].pattern);
        put_number_tag(TEXT("start"), match[0].start);
        put_number_tag(TEXT("end"), match[0].end);
    }
    return end_verdict();
}
