/* Counts requests in the host's state, and tags each with what it found there: "count" its number, "last" the model of the
 * request before it, "first" whether nobody came before. */
#include "guest.h"

enum { ttl = 60000 };

u64 weir_manifest(void) { return manifest(TEXT("{\"name\":\"count\",\"version\":\"1\",\"sections\":[\"model\"]}")); }

u64 weir_on_request(const void *frame, u32 size) {
    static u8 last[256];
    text model = section(frame, WEIR_SECTION_MODEL);
    int64_t count = weir_state_add("requests", 8, 1, ttl);
    int32_t n = weir_state_get("last", 4, last, sizeof last);
    int32_t first = weir_state_once("first", 5, ttl);
    int32_t set = weir_state_set("last", 4, model.p, model.n, ttl);
    int32_t added = weir_metric_add("requests", 8, 1);

    begin_verdict();
    put_number_tag(TEXT("count"), count);
    if (n < 0 || n > (int32_t)sizeof last)
        put_number_tag(TEXT("last"), n);
    else
        put_tag(TEXT("last"), (text){last, (u32)n});
    put_number_tag(TEXT("first"), first);
    if (set < 0 || added < 0) put_tag(TEXT("refused"), TEXT("state_set or metric_add"));

    u8 line[32] = "request ";
    text d = decimal(count);
    __builtin_memcpy(line + 8, d.p, d.n);
    weir_log(WEIR_LOG_INFO, line, 8 + d.n);
    return end_verdict();
}

u64 weir_on_tick(const void *frame, u32 size) {
    weir_metric_add("ticks", 5, 1);
    return 0;
}
