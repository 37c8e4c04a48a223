/* Puts a system message before all others. Settings: {"text": "…"}. */
#include "guest.h"

static u8 buffer[1024];
static text words;

u64 weir_manifest(void) { return manifest(TEXT("{\"name\":\"insert\",\"version\":\"1\",\"sections\":[]}")); }

u64 weir_on_configure(const void *frame, u32 size) {
    words = (text){buffer, string_of(section(frame, WEIR_SECTION_CONFIG), TEXT("text"), buffer, sizeof buffer)};
    return words.n == 0 ? refuse(TEXT("text: a string that is not empty is needed")) : 0;
}

u64 weir_on_request(const void *frame, u32 size) {
    begin_verdict();
    put_insert(0, WEIR_ROLE_SYSTEM, words);
    return end_verdict();
}
