// Closes every descriptor it does not know, as daemons do; glckpt's must survive it.
#include "harness.h"

int main() {
    return check_until_stopped([](long) {
        for (int fd = 3; fd < 5000; ++fd)
            close(fd);
        close_range(3, ~0u, 0);
        closefrom(3);
        CHECK(dup2(0, 10) == 10);
        close(10);
    });
}
