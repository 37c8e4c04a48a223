/* Denies requests, and stops answers, that hold a word. Settings: {"word": "…"}. */
#include "guest.h"

static u8 buffer[128];
static text word;

u64 weir_manifest(void) {
    return manifest(TEXT("{\"name\":\"deny\",\"version\":\"1\",\"guard\":true,\"on_error\":\"deny\","
                         "\"sections\":{\"request\":[\"messages\",\"text\"],\"delta\":[\"text\"]}}"));
}

u64 weir_on_configure(const void *frame, u32 size) {
    word = (text){buffer, string_of(section(frame, WEIR_SECTION_CONFIG), TEXT("word"), buffer, sizeof buffer)};
    return word.n == 0 ? refuse(TEXT("word: a string that is not empty is needed")) : 0;
}

u64 weir_on_request(const void *frame, u32 size) {
    text arena = section(frame, WEIR_SECTION_TEXT), list = section(frame, WEIR_SECTION_MESSAGES);
    const weir_part *part = (const weir_part *)list.p;
    for (u32 i = 0; i < list.n / sizeof *part; i++) {
        if (find(part_text(arena, part + i), word, 0) == WEIR_NONE) continue;
        begin_verdict();
        put_deny(403, TEXT("policy_violation"), TEXT("This request holds a word that is not allowed here."));
        return end_verdict();
    }
    return 0;
}

u64 weir_on_delta(const void *frame, u32 size) {
    text arena = section(frame, WEIR_SECTION_TEXT), list = section(frame, WEIR_SECTION_DELTA);
    const weir_batch *batch = (const weir_batch *)list.p;
    const weir_delta *delta = (const weir_delta *)(batch + 1);
    u32 hold = 0;
    begin_verdict();
    for (u32 i = 0; i < batch->count; i++) {
        text t = delta_text(arena, delta + i);
        if (find(t, word, 0) != WEIR_NONE) {
            put_stop(TEXT("policy_violation"), TEXT("This answer held a word that is not allowed here."));
            return end_verdict();
        }
        u32 n = begun(t, word, 0);
        if (n > hold) hold = n;
    }
    if (hold > 0 && !(batch->flags & WEIR_DELTA_FLAG_FINAL)) put_hold(hold);
    return end_verdict();
}
