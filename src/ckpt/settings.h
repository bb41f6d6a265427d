// What glckpt-run hands to the program it starts, by environment variables that mirror its options.
#pragma once
#include "ckpt/fd/kind.h"
#include "ckpt/image/format.h"
#include <string>

namespace glckpt::ckpt {

struct Settings {
    std::string folder = ".";
    unsigned interval_s = 0; // 0: only when asked
    unsigned keep = 0;       // 0: all
    unsigned full_every = 1; // of the images it names itself, each so manieth is a full one
    Profile profile = Profile::Raw;
    ExternalSockets external = ExternalSockets::Refuse;
    unsigned timeout_s = 10; // for stopping threads and draining endpoints
};

// From GLCKPT_DIR, _INTERVAL, _KEEP, _FULL_EVERY, _PROFILE, _EXT_SOCKETS, _TIMEOUT.
Settings settings_from_environment();
bool parse_profile(const std::string& text, Profile& out);
bool parse_external(const std::string& text, ExternalSockets& out);

} // namespace glckpt::ckpt
