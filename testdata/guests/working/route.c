/* Sends requests that hold a word to a target, or replaces their model. Settings: {"word": "…", "target": "…"} or
 * {"word": "…", "model": "…"}. */
#include "guest.h"

static u8 word_buffer[128], name_buffer[128];
static text word, name;
static u32 what;

u64 weir_on_configure(const void *frame, u32 size) {
    text config = section(frame, WEIR_SECTION_CONFIG);
    word = (text){word_buffer, string_of(config, TEXT("word"), word_buffer, sizeof word_buffer)};
    name = (text){name_buffer, string_of(config, TEXT("target"), name_buffer, sizeof name_buffer)};
    what = WEIR_BY_NAME;
    if (name.n == 0) {
        name.n = string_of(config, TEXT("model"), name_buffer, sizeof name_buffer);
        what = WEIR_BY_MODEL;
    }
    if (word.n == 0) return refuse(TEXT("word: a string that is not empty is needed"));
    if (name.n == 0) return refuse(TEXT("target: the name of a target, or model: the name of a model, is needed"));
    return 0;
}

u64 weir_on_request(const void *frame, u32 size) {
    text arena = section(frame, WEIR_SECTION_TEXT), list = section(frame, WEIR_SECTION_MESSAGES);
    const weir_part *part = (const weir_part *)list.p;
    for (u32 i = 0; i < list.n / sizeof *part; i++) {
        if (find(part_text(arena, part + i), word, 0) == WEIR_NONE) continue;
        begin_verdict();
        put_route(what, name);
        return end_verdict();
    }
    return 0;
}
