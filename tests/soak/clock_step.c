/* Steps the wall clock of the program that is started with it in LD_PRELOAD, and of its children.
 *
 * LEDCAL_CLOCK_STEP is "SECONDS AT": from the monotonic time AT on, CLOCK_REALTIME shows SECONDS
 * more. Nothing of ledcal knows of it, and nothing else of the computer is changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long step_s, at_s;

__attribute__((constructor)) static void read_step(void)
{
    const char *said = getenv("LEDCAL_CLOCK_STEP");

    if (said != NULL && sscanf(said, "%lld %lld", &step_s, &at_s) != 2)
        abort();
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    struct timespec since_start;
    int result = (int)syscall(SYS_clock_gettime, clock, now);

    if (result == 0 && clock == CLOCK_REALTIME && step_s != 0) {
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &since_start);
        if (since_start.tv_sec >= at_s)
            now->tv_sec += step_s;
    }
    return result;
}
