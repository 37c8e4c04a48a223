/* Holds bytes of every answer back, and counts its batches in the stream's state, which it tags the request with. Settings: {"bytes": 16}. */
#include "guest.h"

static int64_t bytes;

u64 weir_manifest(void) {
    return manifest(TEXT("{\"name\":\"hold\",\"version\":\"1\",\"sections\":{\"request\":[],\"delta\":[\"text\",\"stream_state\"],\"end\":[\"stream_state\"]}}"));
}

u64 weir_on_configure(const void *frame, u32 size) {
    bytes = number_of(section(frame, WEIR_SECTION_CONFIG), TEXT("bytes"), 16);
    return 0;
}

u64 weir_on_request(const void *frame, u32 size) { return 0; }

static u32 batches(const void *frame) {
    text state = section(frame, WEIR_SECTION_STREAM_STATE);
    return state.n == 4 ? *(const u32 *)state.p : 0;
}

u64 weir_on_delta(const void *frame, u32 size) {
    u32 n = batches(frame) + 1;
    begin_verdict();
    put_hold((u32)bytes); /* in a final batch the host does not obey */
    begin_action(WEIR_ACTION_STREAM_STATE), put_u32(n), end_action();
    return end_verdict();
}

u64 weir_on_end(const void *frame, u32 size) {
    begin_verdict();
    put_number_tag(TEXT("batches"), batches(frame));
    return end_verdict();
}
