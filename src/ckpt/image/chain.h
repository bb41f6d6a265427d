// Images that build on others.
//
// An incremental image lists every page that the process had: those it holds itself (runs), and
// those that lie in earlier images, its origins (refs). A ref leads straight to the image that
// holds the bytes, however long the chain is; so an image needs exactly the files in this list.
// Each is known by its random id and by the hash in its header, which covers everything in it.
#pragma once
#include "base/status.h"
#include "ckpt/image/format.h"
#include <array>
#include <string>
#include <tuple>
#include <vector>

namespace glckpt::ckpt {

struct ImageOrigin {
    std::string name; // of the file, as seen from the folder of the image that lists it
    std::array<uint8_t, 16> id{};
    uint64_t header_hash = 0;
    uint64_t start = 0, end = 0; // of the process's image in that file
    auto fields() { return std::tie(name, id, header_hash, start, end); }
};

struct ChainState {
    uint32_t depth = 0; // how many incremental images since a full one, this one included
    ImageOrigin parent; // what it was compared with
    std::vector<ImageOrigin> origins;
    auto fields() { return std::tie(depth, parent, origins); }
};

// `name` in `folder`, without "." and ".." and double slashes. Both may hold links: callers give
// names that have none.
std::string path_from(const std::string& folder, const std::string& name);
// How to say `path` seen from `folder`; both absolute.
std::string path_relative_to(const std::string& folder, const std::string& path);
std::string folder_of(const std::string& path);

PageHash hash_of_page(const void* page, uint64_t seed);
inline uint64_t page_count(uint64_t bytes) { return bytes / kPage; }

} // namespace glckpt::ckpt
