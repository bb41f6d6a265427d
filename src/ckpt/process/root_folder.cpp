#include "ckpt/process/root_folder.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <sys/stat.h>

namespace glckpt::ckpt {
namespace {

struct Folder {
    uint64_t dev = 0, ino = 0;
    bool operator==(const Folder&) const = default;
};
Folder g_at_start;

// All zeros: it cannot be seen.
Folder folder(const char* name) {
    struct stat st {};
    if (raw_syscall(SYS_newfstatat, AT_FDCWD, name, &st, 0) < 0)
        return {};
    return {st.st_dev, st.st_ino};
}

} // namespace

void note_root_folder() { g_at_start = folder("/"); }
bool root_folder_has_changed() { return folder("/") != g_at_start; }

bool has_other_root_folder(int pid) {
    const Folder there = folder(format("/proc/%d/root/", pid).c_str());
    return there != Folder() && there != folder("/");
}

} // namespace glckpt::ckpt
