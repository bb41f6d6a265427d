#include "ckpt/image/chain.h"
#define XXH_INLINE_ALL
#include <algorithm>
#include <string_view>
#include <xxhash.h>

namespace glckpt::ckpt {
namespace {

std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> out;
    while (!path.empty()) {
        const size_t slash = std::min(path.find('/'), path.size());
        const std::string_view part = path.substr(0, slash);
        path.remove_prefix(std::min(slash + 1, path.size()));
        if (part == ".." && !out.empty())
            out.pop_back();
        else if (!part.empty() && part != "." && part != "..")
            out.push_back(part);
    }
    return out;
}

} // namespace

std::string folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string path_from(const std::string& folder, const std::string& name) {
    std::string out;
    const std::string whole = name.starts_with("/") ? name : folder + "/" + name;
    for (const std::string_view part : parts_of(whole)) {
        out += '/';
        out += part;
    }
    return out;
}

std::string path_relative_to(const std::string& folder, const std::string& path) {
    const auto from = parts_of(folder), to = parts_of(path);
    const auto [f, t] = std::mismatch(from.begin(), from.end(), to.begin(), to.end());
    std::string out;
    for (auto i = f; i != from.end(); ++i)
        out += "../";
    for (auto i = t; i != to.end(); ++i) {
        out += *i;
        if (i + 1 != to.end())
            out += '/';
    }
    return out;
}

PageHash hash_of_page(const void* page, uint64_t seed) {
    const XXH128_hash_t h = XXH3_128bits_withSeed(page, kPage, seed);
    return {h.low64, h.high64};
}

} // namespace glckpt::ckpt
