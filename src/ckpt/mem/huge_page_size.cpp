#include "ckpt/mem/huge_page_size.h"
#include "base/syscall.h"
#include <bit>
#include <sys/vfs.h>

namespace glckpt::ckpt {

// (st_blksize does not tell: a tmpfs that gives its files transparent huge pages has the same.)
uint32_t huge_shift_of(int fd) {
    constexpr long kHugetlbfs = 0x958458f6;
    struct statfs fs {};
    if (raw_syscall(SYS_fstatfs, fd, &fs) < 0 || fs.f_type != kHugetlbfs)
        return 0;
    return (uint32_t)std::countr_zero((uint64_t)fs.f_bsize);
}

} // namespace glckpt::ckpt
