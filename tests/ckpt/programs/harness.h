// The frame of the end-to-end test programs. Each sets something up, then checks it again and
// again until a file "stop" appears in its folder; "ready" tells the driver that it may be
// checkpointed. Exit status 0: everything held, across however many checkpoints and restarts.
#pragma once
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>

inline int g_failures = 0;
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            const int error = errno;                                                               \
            if (g_failures++ < 10)                                                                 \
                fprintf(stderr, "%s:%d: %s (errno %d %s)\n", __FILE__, __LINE__, #condition,       \
                        error, strerror(error));                                                   \
        }                                                                                          \
    } while (0)

template <class Round>
int check_until_stopped(Round round) {
    for (long n = 0; access("stop", F_OK) != 0; ++n) {
        round(n);
        if (n == 2)
            close(open("ready", O_CREAT | O_WRONLY, 0600));
        usleep(5000);
    }
    return g_failures ? 1 : 0;
}
