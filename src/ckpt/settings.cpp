#include "ckpt/settings.h"
#include "ckpt/text.h"
#include <cstdlib>

namespace glckpt::ckpt {
namespace {

void read_number(const char* variable, unsigned& out) {
    if (const char* v = getenv(variable); v && *v)
        out = (unsigned)Scanner(v).decimal();
}

} // namespace

bool parse_profile(const std::string& text, Profile& out) {
    if (text != "raw" && text != "packed")
        return false;
    out = text == "raw" ? Profile::Raw : Profile::Packed;
    return true;
}

bool parse_external(const std::string& text, ExternalSockets& out) {
    if (text != "refuse" && text != "close")
        return false;
    out = text == "close" ? ExternalSockets::Close : ExternalSockets::Refuse;
    return true;
}

Settings settings_from_environment() {
    Settings s;
    if (const char* v = getenv("GLCKPT_DIR"); v && *v)
        s.folder = v;
    read_number("GLCKPT_INTERVAL", s.interval_s);
    read_number("GLCKPT_KEEP", s.keep);
    read_number("GLCKPT_FULL_EVERY", s.full_every);
    read_number("GLCKPT_TIMEOUT", s.timeout_s);
    if (const char* v = getenv("GLCKPT_PROFILE"))
        parse_profile(v, s.profile);
    if (const char* v = getenv("GLCKPT_EXT_SOCKETS"))
        parse_external(v, s.external);
    return s;
}

} // namespace glckpt::ckpt
