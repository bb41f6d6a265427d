// The vdso: code that the kernel lends every process, at an address that the image's libc has
// remembered. If this kernel's is the same, byte for byte, it is moved there. If not, the image's
// own copy goes there as ordinary memory and each of its functions becomes a jump into this
// kernel's, which stays where it is parked.
#pragma once
#include "base/status.h"
#include "ckpt/image/reader.h"
#include "ckpt/restore/address_space.h"
#include "ckpt/restore/blob/plan.h"
#include "ckpt/restore/memory.h"

namespace glckpt::ckpt {

struct VdsoPlan {
    std::vector<BlobRange> keep;
    std::vector<BlobMove> moves;
    bool moved = false; // the image's copy is not wanted
};
// Parks the restorer's vdso outside the image. To be called before the image's memory is mapped.
Result<VdsoPlan> park_vdso(const ImageReader& image, AddressSpace& space, bool force_proxy);
// Where it was not the same: turns the loaded copy into jumps.
Status make_vdso_proxy(const ImageReader& image, const VdsoPlan& plan, const MemoryLoader& memory);

} // namespace glckpt::ckpt
