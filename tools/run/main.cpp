// glckpt-run: starts a program with the recording library preloaded, in place of itself, so that
// the pid the shell sees is the program's.
#include "ckpt/tree/registry.h"
#include "common/cli.h"
#include "run/target.h"
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>

namespace glckpt::tools {
namespace {

// With --incremental alone. A restart reads from every image of its chain, and all of them must be
// kept: few enough for that, and a tenth of the price of full ones is little already.
constexpr unsigned kFullEvery = 10;

struct Options {
    std::string folder = ".", profile, external, xserver_loss;
    unsigned interval = 0, keep = 0, full_every = 0;
    bool incremental = false;
    bool on_sigterm = false;
    std::vector<std::string> renderer_env, command;
};

std::string absolute(const std::string& path) {
    char buffer[PATH_MAX];
    return realpath(path.c_str(), buffer) ? buffer : "";
}

// <prefix>/lib/glckpt beside <prefix>/bin, in the build tree as in an installation.
std::string library_folder() {
    const std::string self = absolute("/proc/self/exe");
    return self.substr(0, self.rfind('/')) + "/../lib/glckpt";
}

bool exists(const std::string& path) { return access(path.c_str(), R_OK) == 0; }

void prepend(const char* variable, const std::string& value) {
    const char* old = getenv(variable);
    const std::string all = old && *old ? value + ":" + old : value;
    setenv(variable, all.c_str(), 1);
}

// The engine, then GL's faces: each under all the names by which programs look for it.
Status preload() {
    const std::string folder = absolute(library_folder());
    const std::string engine = folder + "/libglckpt.so";
    if (!exists(engine))
        return Status::refused("the recording library " + library_folder() +
                               "/libglckpt.so is missing");
    std::string list = engine;
    for (const char* name : {"libGL.so.1", "libGLX.so.0", "libOpenGL.so.0", "libEGL.so.1",
                             "libGLESv2.so.2", "libGLESv1_CM.so.1"})
        if (exists(folder + "/gl/" + name))
            list += ":" + folder + "/gl/" + name;
    if (list.find(' ') != list.npos)
        return Status::refused("glckpt cannot be used from a folder with a blank in its name (" +
                               folder + "): the dynamic linker splits there");
    prepend("LD_PRELOAD", list);
    if (exists(folder + "/gl"))
        prepend("LD_LIBRARY_PATH", folder + "/gl");
    return {};
}

Status export_options(const Options& o) {
    const std::string folder = absolute(o.folder);
    struct stat st {};
    if (folder.empty() || stat(folder.c_str(), &st) < 0 || !S_ISDIR(st.st_mode))
        return Status::refused("--dir " + o.folder + ": no such folder");
    setenv("GLCKPT_DIR", folder.c_str(), 1);
    if (o.interval)
        setenv("GLCKPT_INTERVAL", std::to_string(o.interval).c_str(), 1);
    if (o.keep)
        setenv("GLCKPT_KEEP", std::to_string(o.keep).c_str(), 1);
    if (const unsigned every = o.full_every ? o.full_every : o.incremental ? kFullEvery : 0)
        setenv("GLCKPT_FULL_EVERY", std::to_string(every).c_str(), 1);
    if (!o.profile.empty())
        setenv("GLCKPT_PROFILE", o.profile.c_str(), 1);
    if (!o.external.empty())
        setenv("GLCKPT_EXT_SOCKETS", o.external.c_str(), 1);
    if (!o.xserver_loss.empty())
        setenv("GLCKPT_ON_XSERVER_LOSS", o.xserver_loss.c_str(), 1);
    if (o.on_sigterm)
        setenv("GLCKPT_ON_SIGTERM", "1", 1);
    setenv("GLCKPT_TREE", ckpt::new_tree_id().c_str(), 0); // within another glckpt-run: of its tree
    std::string env;
    for (const std::string& e : o.renderer_env) {
        if (e.find('=') == e.npos || e.find('\n') != e.npos)
            return Status::refused("--renderer-env " + e + ": not of the form NAME=VALUE");
        env += e + "\n";
    }
    if (!env.empty())
        setenv("GLCKPT_RENDERER_ENV", env.c_str(), 1);
    return {};
}

int run(const Options& o) {
    const std::string program = find_program(o.command[0]);
    if (program.empty()) {
        fprintf(stderr, "glckpt: %s: command not found\n", o.command[0].c_str());
        return 127; // as shells have it
    }
    for (const Status& s : {check_target(program), export_options(o), preload()})
        if (!s.ok())
            return report(s);
    std::vector<char*> argv;
    for (const std::string& a : o.command)
        argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    execv(program.c_str(), argv.data());
    fprintf(stderr, "glckpt: cannot run %s: %s\n", program.c_str(), strerror(errno));
    return errno == ENOENT ? 127 : 126;
}

} // namespace
} // namespace glckpt::tools

int main(int argc, char** argv) {
    glckpt::tools::Options o;
    CLI::App app{"Run a program so that glckpt-signal can checkpoint it.", "glckpt-run"};
    app.add_option("--dir", o.folder, "folder for images (default: the present one)");
    app.add_option("--interval", o.interval, "checkpoint every so many seconds");
    app.add_option("--keep", o.keep, "keep only the newest so many images");
    app.add_flag("--incremental", o.incremental,
                 "images hold only what changed since the one before: as --full-every 10");
    app.add_option("--full-every", o.full_every,
                   "each so manieth image is a full one, those between build on the one before "
                   "(default: 1, all are full)");
    app.add_option("--profile", o.profile, "raw (fast) or packed (small)")
        ->check(CLI::IsMember({"raw", "packed"}));
    app.add_option(
           "--ext-sockets", o.external,
           "connections to other programs: refuse a checkpoint, or restart with them closed")
        ->check(CLI::IsMember({"refuse", "close"}));
    app.add_option("--on-xserver-loss", o.xserver_loss,
                   "when the X server dies: end, as without glckpt, or wait for one to come back")
        ->check(CLI::IsMember({"end", "wait"}));
    app.add_flag("--on-sigterm", o.on_sigterm, "on SIGTERM: take a checkpoint, and end");
    app.add_option("--renderer-env", o.renderer_env, "NAME=VALUE for the renderer (repeatable)")
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false);
    app.add_option("command", o.command, "the program and its arguments")->required();
    app.set_version_flag("--version", GLCKPT_VERSION);
    app.positionals_at_end();
    app.prefix_command(false);
    // Everything from the program's name on is the program's, also what looks like an option.
    std::vector<char*> head, tail;
    int i = 1;
    head.push_back(argv[0]);
    while (i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0) {
        head.push_back(argv[i]);
        const bool takes_value =
            strchr(argv[i], '=') == nullptr && strcmp(argv[i], "--incremental") != 0 &&
            strcmp(argv[i], "--on-sigterm") != 0 && strcmp(argv[i], "--help") != 0 &&
            strcmp(argv[i], "-h") != 0 && strcmp(argv[i], "--version") != 0;
        if (takes_value && i + 1 < argc)
            head.push_back(argv[++i]);
        ++i;
    }
    if (i < argc && strcmp(argv[i], "--") == 0)
        ++i;
    std::vector<std::string> command(argv + i, argv + argc);
    head.push_back(const_cast<char*>("--"));
    for (std::string& c : command)
        head.push_back(c.data());
    return glckpt::tools::with_options(app, (int)head.size(), head.data(),
                                       [&] { return glckpt::tools::run(o); });
}
