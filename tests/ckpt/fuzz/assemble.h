// An image taken apart into what its hashes cover, and put together with hashes that hold: so a
// mutation gets past them to the code that must not believe what it reads.
#pragma once
#include "ckpt/image/format.h"
#include <string>
#include <vector>

namespace glckpt::fuzz {

struct Parts {
    ckpt::FileHeader header{};
    std::string data; // page data, and in a tree the other processes' images
    struct Section {
        std::string name, bytes;
    };
    std::vector<Section> sections;
};

// False if `image` has no header and table that can be followed.
bool take_apart(const std::string& image, Parts& out);
std::string put_together(const Parts& parts);
// Recomputes, where they lie, every hash that can be found; also of the images inside a tree's.
void fix_hashes(std::string& image, size_t start, size_t end);

} // namespace glckpt::fuzz
