// Matching frozen configs to another driver's.
#include "interpose/ws/match.h"
#include "interpose/ws/columns.h"
#include <gtest/gtest.h>

using namespace glckpt;
using namespace glckpt::ws;
using log::ws::kGlxConfigColumns;

namespace {

struct Glx {
    int alpha = 8, depth = 24, stencil = 8, samples = 0, doubled = 1, visual = 0x21, srgb = 0;
};
void add(std::vector<int32_t>& rows, const Glx& g) {
    std::vector<int32_t> r(kGlxConfigColumns, 0);
    r[glx_column(8)] = r[glx_column(9)] = r[glx_column(10)] = 8;
    r[glx_column(11)] = g.alpha;
    r[glx_column(12)] = g.depth;
    r[glx_column(13)] = g.stencil;
    r[glx_column(5)] = g.doubled;
    r[glx_column(100001)] = g.samples;
    r[glx_column(100000)] = g.samples > 0;
    r[glx_column(0x8010)] = 5;
    r[glx_column(0x8011)] = 1;
    r[glx_column(0x800B)] = g.visual;
    r[glx_column(0x20B2)] = g.srgb;
    rows.insert(rows.end(), r.begin(), r.end());
}
std::vector<int32_t> list(std::initializer_list<Glx> configs) {
    std::vector<int32_t> rows;
    for (const Glx& g : configs)
        add(rows, g);
    return rows;
}

TEST(MatchConfigs, SameListMatchesItself) {
    const auto rows = list({{},
                            {.depth = 16},
                            {.samples = 4},
                            {.doubled = 0},
                            {.visual = 0x22},
                            {.srgb = 1},
                            {.alpha = 0}});
    const auto map = match_configs(true, rows, rows);
    for (size_t i = 0; i < map.size(); ++i)
        EXPECT_EQ(map[i], (int32_t)i);
}

TEST(MatchConfigs, NearestAboveServes) {
    const auto map = match_configs(true, list({{.depth = 16, .stencil = 0}}),
                                   list({{.depth = 32, .stencil = 8},
                                         {.depth = 24, .stencil = 0},
                                         {.depth = 24, .stencil = 8}}));
    EXPECT_EQ(map[0], 1);
}

TEST(MatchConfigs, DepthOf32MayBecome24ButNotLess) {
    EXPECT_EQ(match_configs(true, list({{.depth = 32}}), list({{.depth = 24}, {.depth = 16}}))[0],
              0);
    EXPECT_EQ(match_configs(true, list({{.depth = 32}}), list({{.depth = 24}, {.depth = 32}}))[0],
              1);
    EXPECT_EQ(match_configs(true, list({{.depth = 32}}), list({{.depth = 16}}))[0], -1);
    EXPECT_EQ(match_configs(true, list({{.depth = 24}}), list({{.depth = 16}}))[0], -1);
}

TEST(MatchConfigs, SamplesAreNotAddedWithoutNeed) {
    const auto map = match_configs(true, list({{.depth = 16}}),
                                   list({{.depth = 16, .samples = 4}, {.depth = 32}}));
    EXPECT_EQ(map[0], 1);
}

TEST(MatchConfigs, SameVisualAmongEquals) {
    const auto map = match_configs(true, list({{.visual = 0x22}}), list({{}, {.visual = 0x22}}));
    EXPECT_EQ(map[0], 1);
}

TEST(MatchConfigs, WhatLacksIsNamed) {
    const auto frozen = list({{.samples = 8}});
    EXPECT_EQ(match_configs(true, frozen, list({{.samples = 4}, {}}))[0], -1);
    EXPECT_EQ(match_configs(true, frozen, list({{.samples = 8, .doubled = 0}}))[0], -1);
    EXPECT_EQ(describe_config(true, frozen.data()),
              "RGBA 8/8/8/8, depth 24, stencil 8, 8 samples, double-buffered");
}

} // namespace
