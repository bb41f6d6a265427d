// Regular files: offset, append, shared offsets, a deleted file, a lock, close-on-exec.
#include "harness.h"
#include <sys/file.h>
#include <sys/stat.h>

int main() {
    const int data = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (char c = 'a'; c <= 'z'; ++c)
        CHECK(write(data, &c, 1) == 1);
    const int twin = dup(data);
    const int other = open("data", O_RDONLY | O_CLOEXEC);
    const int log = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    const int gone = open("gone", O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    CHECK(write(gone, "deleted but open", 16) == 16);
    unlink("gone");
    CHECK(flock(data, LOCK_EX) == 0);
    lseek(other, 5, SEEK_SET);
    return check_until_stopped([&](long n) {
        lseek(data, n % 26, SEEK_SET);
        usleep(2000);
        char c = 0;
        CHECK(read(twin, &c, 1) == 1 && c == 'a' + n % 26); // one offset, two numbers
        CHECK(lseek(other, 0, SEEK_CUR) == 5);              // and one of its own
        CHECK(fcntl(other, F_GETFD) == FD_CLOEXEC && fcntl(data, F_GETFD) == 0);
        CHECK((fcntl(log, F_GETFL) & (O_APPEND | O_ACCMODE)) == (O_APPEND | O_WRONLY));
        char text[17] = {};
        CHECK(pread(gone, text, 16, 0) == 16 && strcmp(text, "deleted but open") == 0);
        struct stat st;
        CHECK(fstat(gone, &st) == 0 && st.st_nlink == 0 && st.st_size == 16);
        const int rival = open("data", O_RDONLY);
        CHECK(flock(rival, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
        close(rival);
    });
}
