// The little JSON that the commands print.
#pragma once
#include <cstdio>
#include <string>
#include <string_view>

namespace glckpt::tools {

inline std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const unsigned char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += (char)c;
        } else if (c < 0x20) {
            char code[8];
            snprintf(code, sizeof code, "\\u%04x", c);
            out += code;
        } else {
            out += (char)c;
        }
    }
    return out + "\"";
}

} // namespace glckpt::tools
