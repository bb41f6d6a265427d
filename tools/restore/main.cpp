// glckpt-restore: brings a program back from its image and stands for it: same terminal, signals
// passed on, same exit status.
#include "ckpt/restore/channel.h"
#include "ckpt/restore/restorer.h"
#include "ckpt/text.h"
#include "common/cli.h"
#include "restore/stand_in.h"
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sys/prctl.h>

namespace glckpt::tools {
namespace {

using namespace ckpt;

struct Options {
    RestoreOptions restore;
    std::string image, pid_file;
    bool check = false;
};

Status check_all(const ImageTree& image) {
    if (Status s = image.verify_gaps(); !s)
        return s;
    return image.verify_pages();
}

bool write_pid_file(const std::string& path, int pid) {
    const std::string temporary = path + format(".%d.tmp", getpid());
    const std::string text = format("%d\n", pid);
    UniqueFd fd = open_fd(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    return fd.ok() && write_all(fd.get(), text.data(), text.size()) &&
           rename(temporary.c_str(), path.c_str()) == 0;
}

void close_all(const std::vector<int>& fds) {
    for (const int fd : fds)
        if (fd >= 0)
            close(fd);
}

// Of a restart that failed: whatever there is.
void end_all(const Program& program, const std::vector<int>& pids) {
    kill(program.pid, SIGKILL);
    for (const int pid : pids)
        if (pid > 0)
            kill(pid, SIGKILL);
    await_end(program);
}

// Its state as ps shows it.
char state_of(int pid) {
    const std::string stat = file_text(format("/proc/%d/stat", pid));
    const size_t end = stat.rfind(')');
    return end == stat.npos || end + 2 >= stat.size() ? '?' : stat[end + 2];
}

void await_stopped(int pid) {
    for (int i = 0; i < 5000; ++i) {
        const char s = state_of(pid);
        if (s == 'T' || s == '?' || s == 'Z')
            return;
        usleep(1000);
    }
}

// --lazy: the program runs while the rest of its image is still being checked. If that turns out
// damaged, the program is ended: it may be computing nonsense. A process checks, made before the
// program's namespaces are: the kernel gives no further thread to who has another time namespace
// for its children, and no user namespace to who has threads.
class CheckBehind {
  public:
    explicit CheckBehind(const ImageTree& image) {
        if (pipe2(go_, O_CLOEXEC) < 0)
            return;
        const pid_t pid = fork();
        if (pid == 0)
            check(image);
        close(go_[0]);
        made_ = pid > 0;
    }
    bool made() const { return made_; }
    void forget() { close(go_[1]); } // in the program to be
    void begin(int pid) { write_all(go_[1], &pid, sizeof pid); }

  private:
    [[noreturn]] void check(const ImageTree& image) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, "glckpt-check");
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, nullptr); // what is for the program is not for it
        close(go_[1]);
        int pid = 0;
        if (read(go_[0], &pid, sizeof pid) != sizeof pid)
            _exit(0);
        const Status s = check_all(image);
        if (!s.ok()) {
            fprintf(stderr, "glckpt: %s: %s; the program is ended\n", image.root().path().c_str(),
                    s.why().c_str());
            kill(pid, SIGKILL);
        }
        _exit(0);
    }
    int go_[2] = {-1, -1};
    bool made_ = false;
};

int run(const Options& o) {
    char absolute[PATH_MAX];
    if (!realpath(o.image.c_str(), absolute)) {
        fprintf(stderr, "glckpt: cannot restore %s: no such file\n", o.image.c_str());
        return (int)ExitCode::Refused;
    }
    const std::string what = "cannot restore " + o.image;
    auto image = ImageTree::open(absolute);
    if (!image)
        return report(Status(image.status()).with_context(what));
    if (Status s = image->open_origins(); !s)
        return report(std::move(s).with_context(what));
    if (o.check)
        return report(check_all(*image).with_context(o.image));
    if (Status s = o.restore.lazy ? Status() : image->verify_gaps(); !s)
        return report(std::move(s).with_context(what));

    std::unique_ptr<CheckBehind> behind;
    if (o.restore.lazy) {
        behind = std::make_unique<CheckBehind>(*image);
        if (!behind->made())
            return report(Status::refused("no process to check the image").with_context(what));
    }
    std::vector<int> own_ends, program_ends;
    for (size_t i = 0; i < image->size(); ++i) {
        const Channel c = image->living(i) ? Channel::make() : Channel();
        own_ends.push_back(c.tool);
        program_ends.push_back(c.program);
    }
    prepare_to_stand_in();
    auto program = make_program(*image, [&](IdentityKind identity) {
        close_all(own_ends);
        if (behind)
            behind->forget();
        leave_stand_in();
        become_program(*image, o.restore, identity, program_ends);
    });
    if (!program)
        return report(Status(program.status()).with_context(what));
    close_all(program_ends);
    std::vector<int> pids;
    if (Status s = await_outcome(own_ends, pids); !s) {
        end_all(*program, pids);
        return report(std::move(s).with_context(what));
    }
    if (image->size() > 1)
        write_all(own_ends[0], "g", 1); // everybody is there: go on
    close_all(own_ends);
    const int pid = pids[0];
    if (o.restore.stopped)
        await_stopped(pid);
    if (!o.pid_file.empty() && !write_pid_file(o.pid_file, pid))
        fprintf(stderr, "glckpt: cannot write %s\n", o.pid_file.c_str());
    if (behind)
        behind->begin(pid);
    return stand_in_for(*program, pid);
}

} // namespace
} // namespace glckpt::tools

int main(int argc, char** argv) {
    glckpt::tools::Options o;
    CLI::App app{"Bring a program back from its image.", "glckpt-restore"};
    app.add_option("image", o.image, "the image (.gck)")->required();
    app.add_option("--pid-file", o.pid_file, "write the program's pid here once it is restored");
    app.add_option("--display", o.restore.display, "X display to put the windows on");
    app.add_option("--renderer-env", o.restore.renderer_env,
                   "NAME=VALUE for the new renderer (repeatable)")
        ->allow_extra_args(false);
    app.add_flag(
        "--ignore-refused-calls",
        [&](int64_t) { o.restore.renderer_env.emplace_back("GLCKPT_REFUSED_CALLS=warn"); },
        "go on without the GL calls that the driver here refuses");
    app.add_flag("--stopped", o.restore.stopped, "leave the program stopped, to go on at SIGCONT");
    app.add_flag("--check", o.check, "only check the image");
    app.add_flag("--lazy", o.restore.lazy,
                 "start at once and load memory when it is used (raw images)");
    app.add_flag("--foreign-vdso", o.restore.proxy_vdso)->group(""); // for the tests
    app.add_flag("--foreign-cpu", o.restore.foreign_cpu)->group("");
    app.set_version_flag("--version", GLCKPT_VERSION);
    return glckpt::tools::with_options(app, argc, argv, [&] { return glckpt::tools::run(o); });
}
