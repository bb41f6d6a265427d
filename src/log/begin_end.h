// What may stand between glBegin and glEnd.
#pragma once
#include "gen/gl/ops.h"
#include <cstdint>
#include <string_view>
#include <vector>

namespace glckpt::log {

// OpenGL 4.6 compatibility, section 10.7.5; all else is an error there and has no effect. (Commands
// for client state may be one: with us they are. Mesa raises it, too.) A driver cannot be asked
// for errors there, so that is decided here: the renderer does not execute such a command, and the
// pruner passes over it in a display list.
inline bool legal_inside_begin(uint16_t op) {
    static const std::vector<bool> table = [] {
        constexpr std::string_view by_type[] = {
            "glVertex",        "glColor",         "glSecondaryColor", "glNormal",
            "glTexCoord",      "glMultiTexCoord", "glVertexAttrib",   "glVertexAttribI",
            "glVertexAttribL", "glVertexAttribP"};
        constexpr std::string_view whole[] = {"glArrayElement",      "glEdgeFlag",  "glEdgeFlagv",
                                              "glCallList",          "glCallLists", "glEnd",
                                              "glPrimitiveRestartNV"};
        constexpr std::string_view families[] = {"x",
                                                 "ws",
                                                 "glEvalCoord",
                                                 "glEvalPoint",
                                                 "glMaterial",
                                                 "glFogCoordf",
                                                 "glFogCoordd",
                                                 "glIndexd",
                                                 "glIndexf",
                                                 "glIndexi",
                                                 "glIndexs",
                                                 "glIndexub",
                                                 "glVertexP2",
                                                 "glVertexP3",
                                                 "glVertexP4",
                                                 "glColorP3",
                                                 "glColorP4",
                                                 "glNormalP3",
                                                 "glTexCoordP",
                                                 "glMultiTexCoordP",
                                                 "glSecondaryColorP3"};
        std::vector<bool> t((size_t)Op::Count);
        for (size_t i = 0; i < t.size(); ++i) {
            const std::string_view name = kOpNames[i];
            for (const std::string_view n : by_type) // then comes how many components it takes
                if (name.starts_with(n) && name.size() > n.size() && name[n.size()] >= '1' &&
                    name[n.size()] <= '4')
                    t[i] = true;
            for (const std::string_view n : whole)
                if (name == n)
                    t[i] = true;
            for (const std::string_view n : families)
                if (name.starts_with(n))
                    t[i] = true;
        }
        return t;
    }();
    return table[op];
}

} // namespace glckpt::log
