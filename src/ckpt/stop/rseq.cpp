#include "ckpt/stop/rseq.h"
#include "ckpt/sys.h"
#include <cerrno>
#include <cstddef>

// Where glibc keeps the rseq area, from the thread pointer.
extern "C" __attribute__((weak)) const ptrdiff_t __rseq_offset;
extern "C" __attribute__((weak)) const unsigned int __rseq_size;

namespace glckpt::ckpt {

// The kernel does not tell where a thread's area is, but it says EBUSY to whoever registers the
// same again, EINVAL to who registers another, and EFAULT, where there is none, to an address that
// can be nobody's. So nothing is ever registered here.
void find_rseq(ThreadSlot& s) {
    constexpr uint64_t kNowhere = ~31ull;
    s.rseq_bytes = 0;
    s.rseq_elsewhere = raw_syscall(SYS_rseq, kNowhere, 32, 0, kRseqSignature) == -EINVAL;
    if (!s.rseq_elsewhere || !&__rseq_size || !__rseq_size)
        return;
    s.rseq = s.fs + (uint64_t)__rseq_offset;
    for (const uint32_t bytes : {32u, __rseq_size, 64u}) // newer C libraries register more
        if (s.rseq_elsewhere && raw_syscall(SYS_rseq, s.rseq, bytes, 0, kRseqSignature) == -EBUSY) {
            s.rseq_bytes = bytes;
            s.rseq_elsewhere = false;
        }
}

} // namespace glckpt::ckpt
