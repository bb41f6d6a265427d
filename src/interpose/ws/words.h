// Lists of words, as extension strings are.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

namespace glckpt::ws {

// The words of `all` that are in `list`, in the order of `all`.
template <size_t N>
std::string common_words(std::string_view all, const std::string_view (&list)[N]) {
    std::string out;
    while (!all.empty()) {
        const size_t end = std::min(all.find(' '), all.size());
        const std::string_view word = all.substr(0, end);
        all.remove_prefix(std::min(end + 1, all.size()));
        if (std::find(list, list + N, word) != list + N)
            (out += out.empty() ? "" : " ") += word;
    }
    return out;
}

} // namespace glckpt::ws
