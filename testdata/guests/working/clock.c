/* Tags requests with the time and with chance, or with what the host answers who may not have them: "now", "wall" and "random", eight bytes in
 * hex, or "refused". Settings: none; the capabilities are asked for in the manifest. */
#include "guest.h"

u64 weir_manifest(void) {
    return manifest(TEXT("{\"name\":\"clock\",\"version\":\"1\",\"sections\":[\"request\"],\"capabilities\":[\"clock\",\"random\"]}"));
}

u64 weir_on_request(const void *frame, u32 size) {
    const weir_request *r = (const weir_request *)section(frame, WEIR_SECTION_REQUEST).p;
    u8 random[8] = {0}, hex[16];
    begin_verdict();
    put_number_tag(TEXT("now"), weir_now());
    put_number_tag(TEXT("wall"), r->wall);
    if (weir_random(random, sizeof random) < 0) {
        put_tag(TEXT("random"), TEXT("refused"));
        return end_verdict();
    }
    for (int i = 0; i < 16; i++) hex[i] = "0123456789abcdef"[random[i / 2] >> (i % 2 ? 0 : 4) & 15];
    put_tag(TEXT("random"), (text){hex, sizeof hex});
    return end_verdict();
}
