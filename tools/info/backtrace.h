// Each thread's stack at the checkpoint, unwound on the image.
#pragma once
#include "ckpt/image/reader.h"
#include <string>
#include <vector>

namespace glckpt::tools {

struct StackFrame {
    uint64_t ip = 0;
    std::string text; // function+offset and module, as far as they are known
};
std::vector<StackFrame> backtrace(const ckpt::ImageReader& image, const ckpt::SavedThread& thread);

} // namespace glckpt::tools
