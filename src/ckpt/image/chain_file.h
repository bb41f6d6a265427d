// What an image says of the chain that it is in, read without mapping the file: in the program's
// own process, where a file that is cut short at that moment must not mean a SIGBUS.
#pragma once
#include "ckpt/image/chain.h"

namespace glckpt::ckpt {

struct ChainSummary {
    uint32_t depth = 0;             // 0: a full image
    std::vector<std::string> needs; // files, absolute, without itself
};

Result<ChainSummary> read_chain_summary(const std::string& path);

} // namespace glckpt::ckpt
