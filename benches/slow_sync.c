/* Makes every sync of the disk take longer by SLOW_SYNC microseconds, for one program and at no other cost:
 * cc -O2 -shared -fPIC -o slow_sync.so slow_sync.c && LD_PRELOAD=./slow_sync.so SLOW_SYNC=4000 program */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void wait_longer(void)
{
    const char *longer = getenv("SLOW_SYNC");
    if (longer)
        usleep((useconds_t)atoi(longer));
}

int fsync(int file)
{
    wait_longer();
    return (int)syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    wait_longer();
    return (int)syscall(SYS_fdatasync, file);
}
