// Pseudo terminals: one that a child has as its controlling terminal, and one with bytes under way
// in both directions that nobody has read yet.
#include "harness.h"
#include <csignal>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

namespace {

int child() {
    termios t;
    CHECK(tcgetattr(0, &t) == 0);
    t.c_lflag &= ~(tcflag_t)ECHO;
    CHECK(tcsetattr(0, TCSANOW, &t) == 0);
    const int tty = open("/dev/tty", O_RDWR);
    CHECK(tty >= 0 && write(1, "ready\n", 6) == 6);
    char line[64];
    long n;
    while ((n = read(0, line, sizeof line)) > 1) {
        CHECK(isatty(0) && tcgetpgrp(0) == getpgrp() && getsid(0) == getpid());
        CHECK(tcgetpgrp(tty) == getpgrp());
        CHECK(write(g_failures ? -1 : tty, line, (size_t)n) == n);
    }
    return g_failures ? 1 : 6;
}

// Up to the end of a line, which the terminal makes two characters of.
std::string line_from(int fd) {
    std::string out;
    char c;
    while (read(fd, &c, 1) == 1 && c != '\n')
        out += c;
    return out;
}

} // namespace

int main() {
    int master;
    const pid_t pid = forkpty(&master, nullptr, nullptr, nullptr);
    if (pid == 0)
        _exit(child());
    CHECK(line_from(master) == "ready\r");
    int other, side;
    winsize size{33, 77, 5, 6};
    termios raw{};
    cfmakeraw(&raw);
    CHECK(openpty(&other, &side, nullptr, &raw, &size) == 0);
    CHECK(fchmod(side, 0604) == 0);
    if (geteuid() == 0)
        CHECK(fchown(side, 12, 34) == 0);
    struct stat owner {};
    CHECK(fstat(side, &owner) == 0);
    CHECK(write(side, "to be read", 10) == 10 && write(other, "typed", 5) == 5);
    const int status = check_until_stopped([&](long n) {
        char text[32];
        const int length = snprintf(text, sizeof text, "line %ld\n", n);
        CHECK(write(master, text, (size_t)length) == length);
        CHECK(line_from(master) == std::string(text, (size_t)length - 1) + "\r");
        int waiting = 0;
        winsize now{};
        termios t{};
        CHECK(ioctl(other, FIONREAD, &waiting) == 0 && waiting == 10);
        CHECK(ioctl(side, FIONREAD, &waiting) == 0 && waiting == 5);
        CHECK(ioctl(side, TIOCGWINSZ, &now) == 0 && now.ws_row == 33 && now.ws_col == 77);
        struct stat st {};
        CHECK(fstat(side, &st) == 0 && st.st_uid == owner.st_uid && st.st_gid == owner.st_gid &&
              (st.st_mode & 07777) == 0604);
        CHECK(tcgetattr(side, &t) == 0 && !(t.c_lflag & ICANON) && !(t.c_oflag & OPOST));
    });
    char text[16] = {};
    CHECK(read(other, text, sizeof text) == 10 && memcmp(text, "to be read", 10) == 0);
    CHECK(read(side, text, sizeof text) == 5 && memcmp(text, "typed", 5) == 0);
    int s = 0;
    CHECK(write(master, "\n", 1) == 1 && waitpid(pid, &s, 0) == pid);
    CHECK(WIFEXITED(s) && WEXITSTATUS(s) == 6);
    return status || g_failures;
}
