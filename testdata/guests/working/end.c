/* Asks for the answer's text and tags a request with how it ended. */
#include "guest.h"

u64 weir_manifest(void) {
    return manifest(TEXT("{\"name\":\"end\",\"version\":\"1\",\"sections\":{\"request\":[\"model\"],\"end\":[\"usage\",\"response_text\"]}}"));
}

u64 weir_on_request(const void *frame, u32 size) {
    begin_verdict();
    put_want_text();
    return end_verdict();
}

u64 weir_on_end(const void *frame, u32 size) {
    text usage = section(frame, WEIR_SECTION_USAGE), answer = section(frame, WEIR_SECTION_RESPONSE_TEXT);
    const weir_usage *u = (const weir_usage *)usage.p;
    begin_verdict();
    put_number_tag(TEXT("input"), u->input);
    put_number_tag(TEXT("output"), u->output);
    put_number_tag(TEXT("status"), u->status);
    put_number_tag(TEXT("outcome"), u->outcome);
    put_number_tag(TEXT("bytes"), (int64_t)u->bytes);
    put_tag(TEXT("finish"), (text){(const u8 *)(u + 1), usage.n - (u32)sizeof *u});
    if (answer.p) put_number_tag(TEXT("text"), answer.n);
    return end_verdict();
}
