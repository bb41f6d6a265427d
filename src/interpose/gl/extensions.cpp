#include "interpose/gl/extensions.h"
#include "gen/gl/hidden.h"
#include "interpose/gl/context.h"
#include <cstring>
#include <string_view>

namespace glckpt {
namespace {

bool hidden(std::string_view name) {
    for (const char* h : kHiddenExtensions)
        if (name == h)
            return true;
    return false;
}

// Built on first use; core profiles and forward compatible contexts have no GL_EXTENSIONS string
// and are asked one by one.
const std::vector<std::string>& names() {
    auto& list = t_context->extensions;
    if (!list.empty())
        return list;
    if (const GLubyte* all =
            t_context->api == Api::GlCore ? nullptr : driver_string(GL_EXTENSIONS, true)) {
        std::string_view rest((const char*)all);
        while (!rest.empty()) {
            const size_t end = std::min(rest.find(' '), rest.size());
            if (end && !hidden(rest.substr(0, end)))
                list.emplace_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    } else {
        for (GLuint i = 0;; ++i) {
            const GLubyte* one = driver_string_i(GL_EXTENSIONS, i);
            if (!one)
                break;
            if (!hidden((const char*)one))
                list.emplace_back((const char*)one);
        }
    }
    return list;
}

} // namespace

GLuint extension_count() { return (GLuint)names().size(); }

const GLubyte* extension_name(GLuint index) {
    const auto& list = names();
    return index < list.size() ? (const GLubyte*)list[index].c_str() : nullptr;
}

const GLubyte* extension_string() {
    if (t_context->api == Api::GlCore)
        return driver_string(GL_EXTENSIONS); // raises the error
    std::string& joined = t_context->extensions_joined;
    if (joined.empty() && !driver_string(GL_EXTENSIONS))
        return nullptr; // as above
    if (joined.empty())
        for (const std::string& n : names())
            joined += n + ' ';
    return (const GLubyte*)joined.c_str();
}

} // namespace glckpt
