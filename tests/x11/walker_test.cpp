// Walkers never leave their message, whatever is in it.
#include "messages.h"
#include "x11/wire/modules.h"
#include "x11/wire/walker.h"
#include <gtest/gtest.h>

namespace glckpt::x11 {
namespace {

// Checks that each place shown lies inside the message, and notes it.
struct Watch final : Visitor {
    const uint8_t *begin, *end;
    size_t shown = 0;
    void inside(const uint8_t* p, size_t n) {
        ++shown;
        ASSERT_GE(p, begin);
        ASSERT_LE(p + n, end);
    }
    void xid(uint8_t* p) override { inside(p, 4); }
    void visual(uint8_t* p) override { inside(p, 4); }
    void atom(uint8_t* p) override { inside(p, 4); }
    void time(uint8_t* p) override { inside(p, 4); }
    void device(uint8_t* p) override { inside(p, 2); }
    void device_byte(uint8_t* p) override { inside(p, 1); }
    void event_class(uint8_t* p) override { inside(p, 4); }
    void event(uint8_t* p) override { inside(p, 32); }
};

void walk_random(Walk walk, std::mt19937& rng, const char* module, const char* name) {
    for (int i = 0; i < 60; ++i) {
        // Allocated exactly, so that a sanitizer sees a read past the end too.
        Bytes m = test::random_bytes(rng, 4 * (rng() % 40));
        Watch watch;
        watch.begin = m.data();
        watch.end = m.data() + m.size();
        Walker w(watch, m.data(), m.size());
        walk(w);
        EXPECT_LE(w.position(), m.size()) << module << "." << name;
    }
}

TEST(Walkers, StayInsideRandomMessages) {
    std::mt19937 rng(1);
    for (const ModuleInfo& m : modules()) {
        for (const RequestInfo& r : m.requests)
            if (r.name) {
                walk_random(r.walk, rng, m.name, r.name);
                if (r.reply)
                    walk_random(r.reply, rng, m.name, r.name);
            }
        for (const auto events : {m.events, m.generic_events})
            for (const EventInfo& e : events)
                if (e.name)
                    walk_random(e.walk, rng, m.name, e.name);
    }
}

TEST(Walkers, CoverAllModulesOfTheUsualToolkits) {
    EXPECT_EQ(modules().size(), 26u);
    size_t requests = 0;
    for (const ModuleInfo& m : modules())
        for (const RequestInfo& r : m.requests)
            requests += r.name != nullptr;
    EXPECT_GT(requests, 580u);
}

TEST(Walkers, EveryRequestOfAShownModuleHasAnEffect) {
    for (const ModuleInfo& m : modules())
        for (const RequestInfo& r : m.requests)
            if (r.name) {
                EXPECT_NE(r.effect, Effect::Unknown) << m.name << "." << r.name;
            }
}

TEST(Walkers, FindIdsAndAtomsOfAKnownRequest) {
    // ChangeProperty(window 0x200001, property 70, type 31, format 8, "hello")
    Bytes m(24 + 8);
    m[0] = 18;
    store32(&m[4], 0x200001);
    store32(&m[8], 70);
    store32(&m[12], 31);
    m[16] = 8;
    store32(&m[20], 5);
    Watch watch;
    watch.begin = m.data();
    watch.end = m.data() + m.size();
    Walker w(watch, m.data(), m.size());
    core_module().requests[18].walk(w);
    EXPECT_TRUE(w.exact());
    EXPECT_EQ(watch.shown, 3u);
}

} // namespace
} // namespace glckpt::x11
