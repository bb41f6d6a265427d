#include "ckpt/process/attributes.h"
#include "ckpt/process/cpu.h"
#include "ckpt/process/flags.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include "ckpt/tree/discover.h"
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>

namespace glckpt::ckpt {
namespace {

std::vector<std::string> command_line() {
    std::vector<std::string> out;
    const std::string text = file_text("/proc/thread-self/cmdline");
    for (Scanner in(text); !in.done();)
        out.emplace_back(in.until('\0'));
    return out;
}

std::array<uint32_t, 4> four(std::string_view text) {
    std::array<uint32_t, 4> out{};
    Scanner in(text);
    for (uint32_t& id : out) {
        while (!in.done() && (in.rest()[0] == ' ' || in.rest()[0] == '\t'))
            in.advance(1);
        id = (uint32_t)in.decimal();
    }
    return out;
}

Credentials credentials() {
    Credentials c;
    const std::string status = file_text(format("/proc/self/task/%d/status", own_pid()));
    c.uids = four(value_of(status, "Uid:"));
    c.gids = four(value_of(status, "Gid:"));
    for (Scanner in(value_of(status, "Groups:")); !in.done(); in.skip(' ')) {
        if (in.rest()[0] < '0' || in.rest()[0] > '9')
            break;
        c.groups.push_back((uint32_t)in.decimal());
    }
    c.bounding = Scanner(value_of(status, "CapBnd:")).hex();
    c.ambient = Scanner(value_of(status, "CapAmb:")).hex();
    c.no_new_privs = Scanner(value_of(status, "NoNewPrivs:")).decimal() != 0;
    return c;
}

} // namespace

void save_identity(ProcessState& state) {
    read_link("/proc/thread-self/exe", state.program);
    state.command_line = command_line();
    utsname names{};
    raw_syscall(SYS_uname, &names);
    state.host = names.nodename;
    state.kernel = names.release;
    state.version = GLCKPT_VERSION;
    state.pid = own_pid();
    state.process_group = (int32_t)raw_syscall(SYS_getpgid, 0);
    state.session = (int32_t)raw_syscall(SYS_getsid, 0);
    state.credentials = credentials();
    read_link("/proc/thread-self/cwd", state.cwd);
    // umask can only be read by setting it; every other thread is stopped.
    state.umask = (uint32_t)raw_syscall(SYS_umask, 0);
    raw_syscall(SYS_umask, state.umask);
    state.dumpable = (uint32_t)raw_syscall(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
    state.personality = (uint32_t)raw_syscall(SYS_personality, 0xffffffff);
    raw_syscall(SYS_prctl, PR_GET_CHILD_SUBREAPER, &state.child_subreaper, 0, 0, 0);
    save_process_flags(state.flags);
    state.realtime_ns = (int64_t)clock_ns(CLOCK_REALTIME);
    state.monotonic_ns = (int64_t)clock_ns(CLOCK_MONOTONIC);
    state.boottime_ns = (int64_t)clock_ns(CLOCK_BOOTTIME);
    state.cpu_features = cpu_features();
    state.oom_score = (int32_t)Scanner(file_text("/proc/thread-self/oom_score_adj")).number();
    const long barriers = raw_syscall(SYS_membarrier, 1 << 9, 0, 0);
    state.membarrier = barriers > 0 ? (uint32_t)barriers : 0;
    const TreeMember self = look_at_process(state.pid);
    state.terminal = self.terminal;
    state.foreground = self.foreground;
}

void save_limits(ProcessState& state) {
    for (size_t i = 0; i < state.limits.size(); ++i)
        raw_syscall(SYS_prlimit64, 0, i, 0, state.limits[i].data());
}

void save_layout(ProcessState& state) {
    SavedLayout& l = state.layout;
    const std::string stat = file_text("/proc/thread-self/stat");
    // The second field, the name, may hold anything but ends with the last ')'.
    Scanner in(std::string_view(stat).substr(stat.rfind(')') + 2));
    uint64_t field[53] = {};
    for (int i = 3; i <= 52 && !in.done(); ++i) {
        in.skip('-');
        field[i] = in.decimal();
        in.until(' ');
    }
    l.start_code = field[26];
    l.end_code = field[27];
    l.start_stack = field[28];
    l.start_data = field[45];
    l.end_data = field[46];
    l.start_brk = field[47];
    l.brk = (uint64_t)raw_syscall(SYS_brk, 0);
    l.arg_start = field[48];
    l.arg_end = field[49];
    l.env_start = field[50];
    l.env_end = field[51];
    l.auxv = file_text("/proc/thread-self/auxv");
}

} // namespace glckpt::ckpt
