#include "x11/engine/translation.h"
#include <iterator>

namespace glckpt::x11 {
namespace {

// X11 protocol, appendix B, "Predefined Atoms".
constexpr std::string_view kPredefined[] = {
    "",
    "PRIMARY",
    "SECONDARY",
    "ARC",
    "ATOM",
    "BITMAP",
    "CARDINAL",
    "COLORMAP",
    "CURSOR",
    "CUT_BUFFER0",
    "CUT_BUFFER1",
    "CUT_BUFFER2",
    "CUT_BUFFER3",
    "CUT_BUFFER4",
    "CUT_BUFFER5",
    "CUT_BUFFER6",
    "CUT_BUFFER7",
    "DRAWABLE",
    "FONT",
    "INTEGER",
    "PIXMAP",
    "POINT",
    "RECTANGLE",
    "RESOURCE_MANAGER",
    "RGB_COLOR_MAP",
    "RGB_BEST_MAP",
    "RGB_BLUE_MAP",
    "RGB_DEFAULT_MAP",
    "RGB_GRAY_MAP",
    "RGB_GREEN_MAP",
    "RGB_RED_MAP",
    "STRING",
    "VISUALID",
    "WINDOW",
    "WM_COMMAND",
    "WM_HINTS",
    "WM_CLIENT_MACHINE",
    "WM_ICON_NAME",
    "WM_ICON_SIZE",
    "WM_NAME",
    "WM_NORMAL_HINTS",
    "WM_SIZE_HINTS",
    "WM_ZOOM_HINTS",
    "MIN_SPACE",
    "NORM_SPACE",
    "MAX_SPACE",
    "END_SPACE",
    "SUPERSCRIPT_X",
    "SUPERSCRIPT_Y",
    "SUBSCRIPT_X",
    "SUBSCRIPT_Y",
    "UNDERLINE_POSITION",
    "UNDERLINE_THICKNESS",
    "STRIKEOUT_ASCENT",
    "STRIKEOUT_DESCENT",
    "ITALIC_ANGLE",
    "X_HEIGHT",
    "QUAD_WIDTH",
    "WEIGHT",
    "POINT_SIZE",
    "RESOLUTION",
    "COPYRIGHT",
    "NOTICE",
    "FONT_NAME",
    "FAMILY_NAME",
    "FULL_NAME",
    "CAP_HEIGHT",
    "WM_CLASS",
    "WM_TRANSIENT_FOR",
};
static_assert(std::size(kPredefined) == Atoms::kLastPredefined + 1);

} // namespace

std::string_view Atoms::name(VirtualAtom v) const {
    if (v.value <= kLastPredefined)
        return kPredefined[v.value];
    const auto it = names_.find(v.value);
    return it == names_.end() ? std::string_view{} : std::string_view{it->second};
}

VirtualAtom Atoms::find(std::string_view wanted) const {
    for (uint32_t i = 1; i <= kLastPredefined; ++i)
        if (kPredefined[i] == wanted)
            return VirtualAtom{i};
    for (const auto& [number, name] : names_)
        if (name == wanted)
            return VirtualAtom{number};
    return {};
}

void Atoms::learn(VirtualAtom v, std::string name) {
    if (v.value > kLastPredefined)
        names_.insert_or_assign(v.value, std::move(name));
}

} // namespace glckpt::x11
