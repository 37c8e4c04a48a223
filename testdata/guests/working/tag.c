/* Says what can be said of every request: a score, a tag, a header and a parameter. Settings: {"max_tokens": 16}. */
#include "guest.h"

static int64_t max_tokens;

u64 weir_manifest(void) {
    return manifest(TEXT("{\"name\":\"tag\",\"version\":\"1\",\"sections\":[\"request\"],\"set_headers\":[\"x-guest\"]}"));
}

u64 weir_on_configure(const void *frame, u32 size) {
    max_tokens = number_of(section(frame, WEIR_SECTION_CONFIG), TEXT("max_tokens"), 16);
    return max_tokens < 1 ? refuse(TEXT("max_tokens: a whole number of at least 1 is needed")) : 0;
}

u64 weir_on_request(const void *frame, u32 size) {
    const weir_request *r = (const weir_request *)section(frame, WEIR_SECTION_REQUEST).p;
    begin_verdict();
    put_score((double)r->text_bytes / 1024, -1, TEXT("kib"));
    put_tag(TEXT("guest"), TEXT("tag"));
    put_header(TEXT("x-guest"), TEXT("tag"));
    put_param(WEIR_PARAM_MAX_TOKENS, (double)max_tokens);
    return end_verdict();
}
