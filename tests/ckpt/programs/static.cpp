// Linked statically: nothing can be preloaded into it.
#include <unistd.h>
int main() {
    for (int i = 0; i < 100 && getppid() != 1; ++i)
        usleep(100'000);
}
