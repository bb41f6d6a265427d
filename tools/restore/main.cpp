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
#include <thread>

namespace glckpt::tools {
namespace {

using namespace ckpt;

struct Options {
    RestoreOptions restore;
    std::string image, pid_file;
    bool check = false;
};

Status check_all(const ImageReader& image) {
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
// damaged, the program is ended: it may be computing nonsense.
void check_behind(const ImageReader& image, int pid) {
    std::thread([&image, pid] {
        const Status s = check_all(image);
        if (s.ok())
            return;
        fprintf(stderr, "glckpt: %s: %s; the program is ended\n", image.path().c_str(),
                s.why().c_str());
        kill(pid, SIGKILL);
    }).detach();
}

int run(const Options& o) {
    char absolute[PATH_MAX];
    if (!realpath(o.image.c_str(), absolute)) {
        fprintf(stderr, "glckpt: cannot restore %s: no such file\n", o.image.c_str());
        return (int)ExitCode::Refused;
    }
    const std::string what = "cannot restore " + o.image;
    auto image = ImageReader::open(absolute);
    if (!image)
        return report(Status(image.status()).with_context(what));
    if (o.check)
        return report(check_all(*image).with_context(o.image));
    if (Status s = o.restore.lazy ? Status() : image->verify_gaps(); !s)
        return report(std::move(s).with_context(what));

    const Channel channel = Channel::make();
    prepare_to_stand_in();
    auto program = make_program(image->process(), [&](IdentityKind identity) {
        close(channel.tool);
        leave_stand_in();
        become_program(*image, o.restore, identity, channel.program);
    });
    if (!program)
        return report(Status(program.status()).with_context(what));
    close(channel.program);
    const int pid = introduce(channel.tool);
    if (Status s = await_outcome(channel.tool); !s) {
        await_end(*program);
        return report(std::move(s).with_context(what));
    }
    close(channel.tool);
    if (o.restore.stopped)
        await_stopped(pid);
    if (!o.pid_file.empty() && !write_pid_file(o.pid_file, pid))
        fprintf(stderr, "glckpt: cannot write %s\n", o.pid_file.c_str());
    if (o.restore.lazy)
        check_behind(*image, pid);
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
    app.add_flag("--stopped", o.restore.stopped, "leave the program stopped, to go on at SIGCONT");
    app.add_flag("--check", o.check, "only check the image");
    app.add_flag("--lazy", o.restore.lazy,
                 "start at once and load memory when it is used (raw images)");
    app.add_flag("--foreign-vdso", o.restore.proxy_vdso)->group(""); // for the tests
    app.set_version_flag("--version", GLCKPT_VERSION);
    return glckpt::tools::with_options(app, argc, argv, [&] { return glckpt::tools::run(o); });
}
