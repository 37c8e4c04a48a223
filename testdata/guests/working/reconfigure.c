/* Refuses the settings {"bad": true}; else tags requests with {"version": "…"}. */
#include "guest.h"

static u8 buffer[64];
static text version;

u64 weir_manifest(void) { return manifest(TEXT("{\"name\":\"reconfigure\",\"version\":\"1\",\"sections\":[]}")); }

u64 weir_on_configure(const void *frame, u32 size) {
    text config = section(frame, WEIR_SECTION_CONFIG), bad = value(config, TEXT("bad"));
    if (bad.n > 0 && bad.p[0] == 't') return refuse(TEXT("bad: must not be true"));
    version = (text){buffer, string_of(config, TEXT("version"), buffer, sizeof buffer)};
    return 0;
}

u64 weir_on_request(const void *frame, u32 size) {
    begin_verdict();
    put_tag(TEXT("version"), version);
    return end_verdict();
}
