// CLOCK_MONOTONIC and CLOCK_BOOTTIME do not jump: between two rounds there is never as much as the
// time that the program lay on the disk.
#include "harness.h"
#include <ctime>
#include <initializer_list>

int main(int argc, char** argv) {
    const double most = argc > 1 ? atof(argv[1]) : 5;
    const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME};
    double last[2] = {};
    return check_until_stopped([&](long n) {
        for (int i = 0; i < 2; ++i) {
            timespec t;
            clock_gettime(clocks[i], &t);
            const double now = (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
            CHECK(n == 0 || (now >= last[i] && now - last[i] < most));
            last[i] = now;
        }
    });
}
