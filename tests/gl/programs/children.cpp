// A GL program whose children do what children do: one that runs another program, one that closes
// every descriptor, one that ends by exit(), one that stays while frames are drawn, a shell. None
// of it may reach the program's renderer or its picture.
#include "frame.h"
#include "shaders.h"
#include <csignal>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace {

void collect(pid_t child, int wanted) {
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
        WEXITSTATUS(status) != wanted) {
        printf("a child of status %#x\n", (unsigned)status);
        exit(1);
    }
}

void one_that_closes_everything() {
    const pid_t child = fork();
    if (child == 0) {
        for (int fd = 0; fd < 1024; ++fd)
            close(fd);
        _exit(3);
    }
    collect(child, 3);
}

// Its atexit functions and static destructors run: libraries must not take the renderer along.
void one_that_exits() {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0)
        exit(4);
    collect(child, 4);
}

void another_program() {
    char name[] = "/bin/true";
    char* arguments[] = {name, nullptr};
    pid_t child = -1;
    if (posix_spawn(&child, name, nullptr, nullptr, arguments, environ))
        child = -1;
    collect(child, 0);
}

int a_shell() {
    FILE* p = popen("echo 42; exit 5", "r");
    int number = 0;
    if (!p || fscanf(p, "%d", &number) != 1 || WEXITSTATUS(pclose(p)) != 5)
        exit(1);
    return number;
}

} // namespace

int main(int argc, char** argv) {
    Frames f(64, 64, nullptr);
    const GLuint p =
        program({{GL_VERTEX_SHADER, "void main() { gl_Position = gl_Vertex; }"},
                 {GL_FRAGMENT_SHADER, "uniform vec4 c; void main() { gl_FragColor = c; }"}});
    glUseProgram(p);
    pid_t staying = -1;
    const int frames = frames_wanted(argc, argv);
    for (int i = 0; i < frames; ++i) {
        glClearColor((float)(i % 7) / 8, 0.25f, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glUniform4f(glGetUniformLocation(p, "c"), 1, (float)(i % 5) / 4, 0.5f, 1);
        if (i % 8 == 0) {
            if (staying > 0) {
                kill(staying, SIGKILL);
                waitpid(staying, nullptr, 0);
            }
            staying = fork();
            if (staying == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL); // the test kills its parent
                for (;;)
                    pause();
            }
        }
        glBegin(GL_TRIANGLES);
        glVertex2f(-0.5f, -0.5f);
        glVertex2f((float)(i % 9) / 9, -0.25f);
        glVertex2f(0, 0.75f);
        glEnd();
        switch (i % 4) {
        case 0:
            one_that_closes_everything();
            break;
        case 1:
            one_that_exits();
            break;
        case 2:
            another_program();
            break;
        default:
            const int number = a_shell();
            f.add(&number, sizeof number);
        }
        f.done();
    }
    if (staying > 0) {
        kill(staying, SIGKILL);
        waitpid(staying, nullptr, 0);
    }
    return 0;
}
