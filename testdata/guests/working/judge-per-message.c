/* Judges message by message: the score "capitals" of a message is the share of capitals among its letters. The request's score is the highest
 * of them, those of messages that were judged before included. Tags: "judged" how many messages were new, "remembered" how many were not. */
#define VERDICT_SIZE 65536
#include "guest.h"

u64 weir_manifest(void) {
    return manifest(TEXT("{\"name\":\"judge-per-message\",\"version\":\"1\",\"sections\":[\"messages\",\"text\",\"memo\"],"
                         "\"per_message\":{\"context\":\"tail\"}}"));
}

static u32 capitals, letters;

static void count(text t) {
    for (u32 i = 0; i < t.n; i++) {
        u8 lower = t.p[i] | 0x20;
        if (lower < 'a' || lower > 'z') continue;
        letters++;
        capitals += t.p[i] < 'a';
    }
}

u64 weir_on_request(const void *frame, u32 size) {
    text arena = section(frame, WEIR_SECTION_TEXT), list = section(frame, WEIR_SECTION_MESSAGES);
    text memo = section(frame, WEIR_SECTION_MEMO);
    const weir_part *part = (const weir_part *)list.p;
    u32 parts = list.n / sizeof *part, judged = 0, remembered = 0;
    double highest = 0;
    begin_verdict();
    for (u32 i = 0; i < parts;) {
        u32 message = part[i].message;
        int fresh = 0;
        capitals = letters = 0;
        for (; i < parts && part[i].message == message; i++) {
            if (part[i].flags & WEIR_PART_FLAG_CONTEXT) continue;
            fresh = 1;
            count(part_text(arena, part + i));
        }
        if (!fresh || message == WEIR_NONE) continue;
        double score = letters == 0 ? 0 : (double)capitals / letters;
        put_score(score, (int32_t)message, TEXT("capitals"));
        if (score > highest) highest = score;
        judged++;
    }
    if (memo.p) {
        const weir_list *head = (const weir_list *)memo.p;
        const weir_score *score = (const weir_score *)(head + 1);
        for (u32 i = 0; i < head->count; i++)
            if (score[i].value > highest) highest = score[i].value;
        remembered = head->count;
    }
    put_score(highest, -1, TEXT("capitals"));
    put_number_tag(TEXT("judged"), judged);
    put_number_tag(TEXT("remembered"), remembered);
    return end_verdict();
}
