// The user's right to connect to a display: MIT-MAGIC-COOKIE-1 and its kin, from ~/.Xauthority.
#pragma once
#include "x11/transport/address.h"
#include "x11/wire/bytes.h"

namespace glckpt::x11 {

struct Authority {
    std::string name; // empty: none found (many servers ask for none of a local user)
    Bytes data;
};

Authority find_authority(const Address& display);
// The entry of an authority file's contents that fits; for tests.
Authority find_authority_in(ConstByteSpan file, const Address& display, std::string_view hostname);

} // namespace glckpt::x11
