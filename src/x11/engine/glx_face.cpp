// GLX on the wire, answered here.
//
// The app's GL goes through our own libGL and never through the X connection, but some toolkits
// ask on the wire before they use GLX at all (Qt's xcb plugin: QueryExtension, then QueryVersion).
// The answer must not depend on what this X server happens to offer: our GL works on any. What
// would make a context in the server (indirect rendering) is refused as a server without it does.
#include "x11/track/tracking.h"
#include <string_view>

namespace glckpt::x11 {
namespace {

using namespace proto::glx;

constexpr uint32_t kMajor = 1, kMinor = 4;
constexpr std::string_view kExtensions =
    "GLX_ARB_create_context GLX_ARB_create_context_profile GLX_ARB_fbconfig_float "
    "GLX_ARB_framebuffer_sRGB GLX_ARB_multisample GLX_EXT_create_context_es2_profile "
    "GLX_EXT_framebuffer_sRGB GLX_EXT_import_context GLX_EXT_swap_control GLX_EXT_visual_info "
    "GLX_EXT_visual_rating GLX_SGI_make_current_read GLX_SGI_swap_control GLX_SGIX_fbconfig";

enum ServerString : uint32_t { kVendor = 1, kVersion = 2, kExtensionString = 3 };

Bytes reply_of(size_t extra = 0) {
    Bytes m(32 + padded(extra));
    m[0] = 1;
    store32(&m[4], (uint32_t)(padded(extra) / 4));
    return m;
}

Bytes string_reply(std::string_view s) {
    Bytes m = reply_of(s.size() + 1);
    store32(&m[12], (uint32_t)s.size() + 1);
    memcpy(&m[32], s.data(), s.size());
    return m;
}

Bytes refusal(const Request& r) {
    constexpr uint8_t kBadRequest = 1;
    Bytes m(32);
    m[1] = kBadRequest;
    store16(&m[8], r.bytes[1]);
    m[10] = r.bytes[0];
    return m;
}

Bytes answer_to(const Request& r) {
    switch (r.bytes[1]) {
    case QueryVersion::kOpcode: {
        Bytes m = reply_of();
        store32(&m[QueryVersion::Reply::major_version], kMajor);
        store32(&m[QueryVersion::Reply::minor_version], kMinor);
        return m;
    }
    case QueryServerString::kOpcode:
        switch (r.u32(QueryServerString::name)) {
        case kVendor:
            return string_reply("glckpt");
        case kVersion:
            return string_reply("1.4");
        case kExtensionString:
            return string_reply(kExtensions);
        default:
            return refusal(r);
        }
    case QueryExtensionsString::kOpcode:
        return string_reply(kExtensions);
    case GetVisualConfigs::kOpcode:
    case GetFBConfigs::kOpcode:
        return reply_of(); // none: ask libGL
    default:
        return refusal(r);
    }
}

} // namespace

Verdict answer_glx(Tracking& t, const Request& r) {
    switch (r.bytes[1]) {
    case ClientInfo::kOpcode:
    case SetClientInfoARB::kOpcode:
    case SetClientInfo2ARB::kOpcode:
        return Verdict::Withhold;
    default:
        t.answer(answer_to(r));
        return Verdict::Answer;
    }
}

} // namespace glckpt::x11
