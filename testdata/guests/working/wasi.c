/* Imports of WASI what the standard libraries of Rust, Go and C import, and tags requests with what the host answered. Settings:
 * {"exit": true} leaves by proc_exit in on_request. */
#include "guest.h"

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) int32_t name
typedef struct iovec {
    const void *p;
    u32 n;
} iovec;
WASI(args_sizes_get)(u32 *count, u32 *bytes);
WASI(args_get)(u32 *list, u8 *bytes);
WASI(environ_sizes_get)(u32 *count, u32 *bytes);
WASI(environ_get)(u32 *list, u8 *bytes);
WASI(clock_time_get)(u32 clock, u64 precision, u64 *time);
WASI(random_get)(void *out, u32 n);
WASI(fd_write)(u32 fd, const iovec *list, u32 n, u32 *written);
WASI(fd_read)(u32 fd, const iovec *list, u32 n, u32 *read);
WASI(fd_close)(u32 fd);
WASI(fd_fdstat_get)(u32 fd, void *stat);
WASI(fd_prestat_get)(u32 fd, void *stat);
WASI(fd_prestat_dir_name)(u32 fd, u8 *path, u32 n);
WASI(fd_seek)(u32 fd, u64 offset, u32 whence, u64 *at);
WASI(sched_yield)(void);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"), noreturn)) void proc_exit(u32 code);

static int leave;

WEIR_EXPORT("_initialize")
void _initialize(void) {
    u32 n = 0;
    iovec line = {"initialized\n", 12};
    fd_write(1, &line, 1, &n);
}

u64 weir_on_configure(const void *frame, u32 size) {
    text v = value(section(frame, WEIR_SECTION_CONFIG), TEXT("exit"));
    leave = v.n > 0 && v.p[0] == 't';
    return 0;
}

/* Volatile, for what a host writes behind the compiler's back. */
static volatile u32 words[4];
static u64 room[16];

u64 weir_on_request(const void *frame, u32 size) {
    if (leave) proc_exit(3);
    u64 time = 0;
    iovec line = {"a line to standard error\n", 25}, in = {room, sizeof room};
    begin_verdict();
    put_number_tag(TEXT("args_sizes_get"), args_sizes_get((u32 *)words, (u32 *)words + 1));
    put_number_tag(TEXT("args"), words[0]);
    put_number_tag(TEXT("args_get"), args_get((u32 *)room, (u8 *)room));
    put_number_tag(TEXT("environ_sizes_get"), environ_sizes_get((u32 *)words, (u32 *)words + 1));
    put_number_tag(TEXT("environ"), words[0]);
    put_number_tag(TEXT("environ_get"), environ_get((u32 *)room, (u8 *)room));
    put_number_tag(TEXT("clock_time_get"), clock_time_get(0, 1, &time));
    put_number_tag(TEXT("time"), (int64_t)time);
    put_number_tag(TEXT("random_get"), random_get(room, 8));
    put_number_tag(TEXT("fd_write"), fd_write(2, &line, 1, (u32 *)words));
    put_number_tag(TEXT("written"), words[0]);
    put_number_tag(TEXT("fd_read"), fd_read(0, &in, 1, (u32 *)words));
    put_number_tag(TEXT("fd_fdstat_get"), fd_fdstat_get(1, room));
    put_number_tag(TEXT("fd_prestat_get"), fd_prestat_get(3, room));
    put_number_tag(TEXT("fd_prestat_dir_name"), fd_prestat_dir_name(3, (u8 *)room, sizeof room));
    put_number_tag(TEXT("fd_seek"), fd_seek(1, 0, 0, room));
    put_number_tag(TEXT("fd_close"), fd_close(7));
    put_number_tag(TEXT("sched_yield"), sched_yield());
    return end_verdict();
}
