/* Judges message by message, and says of each message one thing and of nothing else any: the share of capitals among its letters. So all that it says can be
 * remembered. Built like the guests of testdata, whose guest.h it shares: build.sh beside this file. */
#define VERDICT_SIZE 65536
#include "guest.h"

u64 weir_manifest(void) {
    return manifest(TEXT("{\"name\":\"judge\",\"version\":\"1\",\"sections\":[\"messages\",\"text\"],\"per_message\":{\"context\":\"none\"}}"));
}

u64 weir_on_request(const void *frame, u32 size) {
    text arena = section(frame, WEIR_SECTION_TEXT), list = section(frame, WEIR_SECTION_MESSAGES);
    const weir_part *part = (const weir_part *)list.p;
    u32 parts = list.n / sizeof *part;
    begin_verdict();
    for (u32 i = 0; i < parts;) {
        u32 message = part[i].message, capitals = 0, letters = 0;
        for (; i < parts && part[i].message == message; i++) {
            text t = part_text(arena, part + i);
            for (u32 j = 0; j < t.n; j++) {
                u8 lower = t.p[j] | 0x20;
                if (lower < 'a' || lower > 'z') continue;
                letters++;
                capitals += t.p[j] < 'a';
            }
        }
        if (message != WEIR_NONE) put_score(letters == 0 ? 0 : (double)capitals / letters, (int32_t)message, TEXT("capitals"));
    }
    return end_verdict();
}
