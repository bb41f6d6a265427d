#include "ckpt/process/credentials.h"
#include "ckpt/state.h"
#include "ckpt/sys.h"
#include <cstring>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>

namespace glckpt::ckpt {
namespace {

constexpr int kNobody = -1; // to setfsuid: changes nothing, and tells

void read_capabilities(ThreadCredentials& out) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    raw_syscall(SYS_capget, &header, data);
    for (int i = 1; i >= 0; --i) {
        out.effective = out.effective << 32 | data[i].effective;
        out.permitted = out.permitted << 32 | data[i].permitted;
        out.inheritable = out.inheritable << 32 | data[i].inheritable;
    }
}

void set_capabilities(const ThreadCredentials& c) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    for (int i = 0; i < 2; ++i) {
        data[i].effective = (uint32_t)(c.effective >> (32 * i));
        data[i].permitted = (uint32_t)(c.permitted >> (32 * i));
        data[i].inheritable = (uint32_t)(c.inheritable >> (32 * i));
    }
    raw_syscall(SYS_capset, &header, data);
}

void set_groups(const std::vector<uint32_t>& groups) {
    uint32_t now[64];
    const long n = raw_syscall(SYS_getgroups, 64, now);
    if (n == (long)groups.size() && memcmp(now, groups.data(), (size_t)n * 4) == 0)
        return;
    raw_syscall(SYS_setgroups, groups.size(), groups.data());
}

void drop_bounding(uint64_t keep) {
    for (int cap = 0; raw_syscall(SYS_prctl, PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; ++cap)
        if (!(keep >> cap & 1) && raw_syscall(SYS_prctl, PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
            raw_syscall(SYS_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0);
}

void raise_ambient(uint64_t wanted) {
    raw_syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int cap = 0; cap < 64; ++cap)
        if (wanted >> cap & 1)
            raw_syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
}

} // namespace

void read_thread_credentials(ThreadCredentials& out) {
    raw_syscall(SYS_getresuid, &out.uids[0], &out.uids[1], &out.uids[2]);
    raw_syscall(SYS_getresgid, &out.gids[0], &out.gids[1], &out.gids[2]);
    out.uids[3] = (uint32_t)raw_syscall(SYS_setfsuid, kNobody);
    out.gids[3] = (uint32_t)raw_syscall(SYS_setfsgid, kNobody);
    read_capabilities(out);
    out.secure_bits = (uint32_t)raw_syscall(SYS_prctl, PR_GET_SECUREBITS, 0, 0, 0, 0);
}

// The order is the kernel's: groups and the bounding set need capabilities that a change of the
// user takes away, unless a secure bit says otherwise; that bit needs a capability itself, so
// capabilities are dropped after it is as it was. no_new_privs takes nothing away and comes last.
void restore_credentials(const Credentials& process, const ThreadCredentials& c) {
    ThreadCredentials now;
    read_thread_credentials(now);
    set_groups(process.groups);
    const bool other_groups = memcmp(now.gids, c.gids, sizeof c.gids) != 0;
    const bool other_users = memcmp(now.uids, c.uids, sizeof c.uids) != 0;
    drop_bounding(process.bounding);
    if (other_groups || other_users)
        raw_syscall(SYS_prctl, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS, 0, 0,
                    0);
    if (other_groups) {
        raw_syscall(SYS_setresgid, c.gids[0], c.gids[1], c.gids[2]);
        raw_syscall(SYS_setfsgid, c.gids[3]);
    }
    if (other_users) {
        raw_syscall(SYS_setresuid, c.uids[0], c.uids[1], c.uids[2]);
        raw_syscall(SYS_setfsuid, c.uids[3]);
    }
    if (other_groups || other_users || now.secure_bits != c.secure_bits)
        raw_syscall(SYS_prctl, PR_SET_SECUREBITS, c.secure_bits, 0, 0, 0);
    set_capabilities(c);
    raise_ambient(process.ambient);
    if (process.no_new_privs)
        raw_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

} // namespace glckpt::ckpt
