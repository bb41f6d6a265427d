// glXChooseFBConfig and glXChooseVisual over a frozen list: pure functions of rows of values.
//
// The rules are GLX 1.4's (sections 3.3.3 and 3.3.11), and where it leaves room, what Mesa does;
// tests/ws/glx_choose.cpp compares both with the real driver over many attribute lists.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace glckpt::ws {

// Fills the column of GLX_VISUAL_SELECT_GROUP_SGIX, the first thing that orders configs, where the
// driver does not tell it: from the order in which it prefers them itself (column kDriverRank).
// `visual_rows` get the group of the config with the same visual.
void infer_select_groups(std::span<int32_t* const> rows, std::span<int32_t* const> visual_rows);

// Indices of the matching rows, best first. `attribs` ends with None; null is an empty list.
// `bad`: the list has an attribute that GLX does not know.
std::vector<int> choose_fbconfigs(std::span<const int32_t* const> rows, const int* attribs,
                                  bool* bad);
// Index of the best row, or -1. `attribs` is in glXChooseVisual's style (some have no value).
int choose_visual(std::span<const int32_t* const> rows, const int* attribs);

} // namespace glckpt::ws
