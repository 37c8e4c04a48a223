/* Replaces a word by another, in requests and in answers. Settings: {"word": "…", "by": "…"}. */
#define VERDICT_SIZE 131072
#include "guest.h"

static u8 word_buffer[128], by_buffer[128];
static text word, by;

u64 weir_manifest(void) {
    return manifest(TEXT("{\"name\":\"edit\",\"version\":\"1\",\"on_error\":\"deny\","
                         "\"sections\":{\"request\":[\"messages\",\"text\"],\"delta\":[\"text\"]}}"));
}

u64 weir_on_configure(const void *frame, u32 size) {
    text config = section(frame, WEIR_SECTION_CONFIG);
    word = (text){word_buffer, string_of(config, TEXT("word"), word_buffer, sizeof word_buffer)};
    by = (text){by_buffer, string_of(config, TEXT("by"), by_buffer, sizeof by_buffer)};
    return word.n == 0 ? refuse(TEXT("word: a string that is not empty is needed")) : 0;
}

/* edits puts an action of the kind for every occurrence in t, and answers where the last one ends. */
static u32 edits(u32 kind, u32 index, text t) {
    u32 end = 0;
    for (u32 at = find(t, word, 0); at != WEIR_NONE; at = find(t, word, end)) {
        put_edit(kind, index, at, word.n, by);
        end = at + word.n;
    }
    return end;
}

u64 weir_on_request(const void *frame, u32 size) {
    text arena = section(frame, WEIR_SECTION_TEXT), list = section(frame, WEIR_SECTION_MESSAGES);
    const weir_part *part = (const weir_part *)list.p;
    begin_verdict();
    for (u32 i = 0; i < list.n / sizeof *part; i++)
        if (part[i].kind == WEIR_PART_STRING) edits(WEIR_ACTION_EDIT, i, part_text(arena, part + i));
    if (full) {
        begin_verdict();
        put_deny(413, TEXT(""), TEXT("This request holds the word too often."));
    }
    return end_verdict();
}

/* What may turn out to be the word is held back; nothing else is, so that no edit reaches into what is held. */
u64 weir_on_delta(const void *frame, u32 size) {
    text arena = section(frame, WEIR_SECTION_TEXT), list = section(frame, WEIR_SECTION_DELTA);
    const weir_batch *batch = (const weir_batch *)list.p;
    const weir_delta *delta = (const weir_delta *)(batch + 1);
    u32 hold = 0;
    begin_verdict();
    for (u32 i = 0; i < batch->count; i++) {
        text t = delta_text(arena, delta + i);
        u32 n = begun(t, word, edits(WEIR_ACTION_DELTA_EDIT, i, t));
        if (n > hold) hold = n;
    }
    if (hold > 0 && !(batch->flags & WEIR_DELTA_FLAG_FINAL)) put_hold(hold);
    if (full) {
        begin_verdict();
        put_stop(TEXT(""), TEXT("This answer holds the word too often."));
    }
    return end_verdict();
}
