// Renumbering: the identity changes nothing, and there and back is the identity.
#include "messages.h"
#include "x11/engine/translate.h"
#include <gtest/gtest.h>

namespace glckpt::x11 {
namespace {

TEST(Permutation, IsOneToOneAfterClosing) {
    std::mt19937 rng(2);
    for (int round = 0; round < 50; ++round) {
        Permutation p;
        std::unordered_map<uint32_t, uint32_t> images;
        for (int i = 0; i < 40; ++i) {
            const uint32_t v = rng() % 60, r = rng() % 60;
            // A virtual or a real number that is taken already is not paired again.
            if (p.to_real(v) == v && p.to_virtual(r) == r && v != r)
                p.pair(v, r);
        }
        p.close();
        for (uint32_t v = 0; v < 100; ++v) {
            EXPECT_TRUE(images.emplace(p.to_real(v), v).second) << "two are called the same";
            EXPECT_EQ(p.to_virtual(p.to_real(v)), v);
        }
    }
}

TEST(IdSpace, SwapsBasesAndKeepsTheRest) {
    IdSpace ids;
    ids.bases.pair(ids.block_of(0x200000), ids.block_of(0x600000));
    ids.bases.close();
    EXPECT_EQ(ids.to_real(VirtualXid{0x200007}).value, 0x600007u);
    EXPECT_EQ(ids.to_virtual(RealXid{0x600007}).value, 0x200007u);
    // Another client has our old base on the new server: it gets a name of its own.
    EXPECT_EQ(ids.to_virtual(RealXid{0x200007}).value, 0x600007u);
    EXPECT_EQ(ids.to_real(VirtualXid{0x400007}).value, 0x400007u);
    EXPECT_EQ(ids.to_real(VirtualXid{0}).value, 0u);
    EXPECT_EQ(ids.to_real(VirtualXid{1}).value, 1u);
}

// A server for more clients leaves each of them fewer ids.
TEST(IdSpace, FitsIntoANarrowerMask) {
    IdSpace ids;
    ids.set_mask(0x1fffff);
    std::unordered_map<uint32_t, bool> made;
    ids.in_use = [&](VirtualXid v) { return made.contains(v.value); };
    ids.set_real_mask(0x3ffff);
    EXPECT_TRUE(ids.narrow());
    ids.set_clients({{0x200000, 0x80000}, {0x400000, 0xc0000}});
    const auto both_ways = [&](uint32_t v, uint32_t client) {
        const RealXid r = ids.to_real(VirtualXid{v});
        EXPECT_EQ(ids.to_virtual(r).value, v);
        EXPECT_EQ(r.value & ~0x3ffffu, client);
        return r.value;
    };
    EXPECT_EQ(both_ways(0x200001, 0x80000), 0x80001u);
    EXPECT_EQ(both_ways(0x43ffff, 0xc0000), 0xfffffu);
    // Beyond what the server has: each a name of its own, whatever order they come in.
    std::unordered_map<uint32_t, uint32_t> names;
    std::mt19937 rng(9);
    for (int i = 0; i < 20000; ++i) {
        const uint32_t v = 0x200000 + rng() % 0x200000;
        const auto [it, fresh] = names.try_emplace(both_ways(v, 0x80000), v);
        EXPECT_EQ(it->second, v) << "two are called the same";
        made[v] = true;
    }
    // Strangers, also where the app's own blocks would be (the last ones have the names of those).
    for (uint32_t block = 1; block < 2000; ++block) {
        const RealXid r{block << 18 | 5};
        if (block == 2 || block == 3)
            continue;
        const VirtualXid v = ids.to_virtual(r);
        EXPECT_EQ(ids.to_real(v).value, r.value);
        EXPECT_TRUE(v.value >> 21 != 1 && v.value >> 21 != 2);
    }
    EXPECT_EQ(ids.add_client(0x140000), 0x600000u);
    EXPECT_EQ(both_ways(0x600001, 0x140000), 0x140001u);
    EXPECT_EQ(both_ways(0x700001, 0x140000) & 0x140000, 0x140000u);
    // Back on a wide one, nothing is left of it.
    ids.set_real_mask(0x1fffff);
    ids.set_clients({{0x200000, 0x200000}});
    EXPECT_EQ(ids.to_real(VirtualXid{0x3fffff}).value, 0x3fffffu);
}

// Processes of one tree, each with its own connections and the others' as kin, agree on every id.
TEST(IdSpace, IsOneForAllOfATree) {
    const IdSpace::Bases a{{0x200000, 0x800000}}, b{{0x400000, 0x200000}, {0x600000, 0x400000}};
    IdSpace first, second;
    for (IdSpace* ids : {&first, &second})
        ids->set_mask(0x1fffff);
    first.set_clients(a, b);
    second.set_clients(b, a);
    for (uint32_t block = 0; block < 20; ++block) {
        const uint32_t id = block << 21 | 7;
        EXPECT_EQ(first.to_real(VirtualXid{id}).value, second.to_real(VirtualXid{id}).value);
        EXPECT_EQ(first.to_virtual(RealXid{id}).value, second.to_virtual(RealXid{id}).value);
    }
    EXPECT_EQ(first.to_real(VirtualXid{0x400001}).value, 0x200001u);
    // One that is started later calls itself what the others call it.
    IdSpace third;
    third.set_mask(0x1fffff);
    third.set_clients({}, first.all_clients());
    const uint32_t base = third.add_client(0x600000);
    EXPECT_EQ(first.to_virtual(RealXid{0x600000}).value, base);
    EXPECT_TRUE(base != 0x200000 && base != 0x400000 && base != 0x600000);
}

// All ids given away: those of what is gone come back.
TEST(IdSpace, TakesBackFarIds) {
    IdSpace ids;
    ids.set_mask(0xfff);
    uint32_t alive = 0;
    ids.in_use = [&](VirtualXid v) { return v.value == alive; };
    ids.set_real_mask(0xff);
    ids.set_clients({{0x1000, 0x300}});
    for (uint32_t v = 0x1100; v < 0x2000; ++v) {
        alive = v;
        EXPECT_EQ(ids.to_virtual(ids.to_real(VirtualXid{v})).value, v);
    }
}

TEST(Timeline, NeverRunsBack) {
    Timeline t;
    EXPECT_EQ(t.to_virtual(5000), 5000u);
    t.rebase(100);
    EXPECT_EQ(t.to_virtual(0), 0u);
    const uint32_t v = t.to_virtual(150);
    EXPECT_GT(v, 5000u);
    EXPECT_EQ(t.to_real(v), 150u);
    EXPECT_LT((int32_t)t.to_real(5000), 150); // old times lie in the past
}

class ThereAndBack : public testing::Test {
  protected:
    ThereAndBack() {
        for (const char* name : {"RENDER", "XInputExtension", "XKEYBOARD", "RANDR", "SYNC"})
            display.extensions.add(*find_module(name), {next_++, (uint8_t)(next_ - 40), 0});
    }
    Display display;
    std::mt19937 rng{3};

  private:
    uint8_t next_ = 130;
};

TEST_F(ThereAndBack, RequestsOfTheCore) {
    test::renumber_at_random(display, rng);
    for (const RequestInfo& info : core_module().requests) {
        if (!info.name)
            continue;
        for (int i = 0; i < 40; ++i) {
            Bytes m = test::random_bytes(rng, 64);
            m[0] = (uint8_t)(&info - core_module().requests.data());
            const Bytes before = m;
            Translator(display, Direction::ToReal).request(core_module(), info, m);
            Translator(display, Direction::ToVirtual).request(core_module(), info, m);
            EXPECT_EQ(m, before) << info.name;
        }
    }
}

TEST_F(ThereAndBack, EventsOfTheCoreAndOfExtensions) {
    test::renumber_at_random(display, rng);
    for (Extension& e : display.extensions.all())
        e.real = {(uint8_t)(e.real.major + 3), (uint8_t)(e.real.first_event ? 96 : 0), 0};
    for (int i = 0; i < 3000; ++i) {
        Bytes m = test::random_bytes(rng, 32);
        m[0] = (uint8_t)(2 + rng() % 33);
        const Bytes before = m;
        Translator(display, Direction::ToReal).any_event(m);
        Translator(display, Direction::ToVirtual).any_event(m);
        EXPECT_EQ(m, before) << "event " << (int)before[0];
    }
}

TEST_F(ThereAndBack, IdentityChangesNothing) {
    for (int i = 0; i < 2000; ++i) {
        Bytes m = test::random_bytes(rng, 32);
        m[0] = (uint8_t)(2 + rng() % 33);
        const Bytes before = m;
        Translator(display, Direction::ToVirtual).any_event(m);
        EXPECT_EQ(m, before);
    }
}

TEST(Payload, ClientMessageProtocols) {
    Display d;
    d.names.atoms.learn(VirtualAtom{100}, "WM_PROTOCOLS");
    d.names.atoms.learn(VirtualAtom{101}, "_NET_WM_PING");
    d.names.atoms.numbers.pair(100, 300);
    d.names.atoms.numbers.pair(101, 301);
    d.names.atoms.numbers.close();
    d.names.ids.bases.pair(1, 4);
    d.names.ids.bases.close();
    d.names.moved = true;
    Bytes e(32);
    e[0] = 33;
    e[1] = 32;
    store32(&e[4], 0x200001);
    store32(&e[8], 100);
    store32(&e[12], 101);
    store32(&e[20], 0x200002);
    Translator(d, Direction::ToReal).any_event(e);
    EXPECT_EQ(load32(&e[4]), 0x800001u);
    EXPECT_EQ(load32(&e[8]), 300u);
    EXPECT_EQ(load32(&e[12]), 301u);
    EXPECT_EQ(load32(&e[20]), 0x800002u);
}

TEST(Payload, PropertiesByTypeAndName) {
    Display d;
    d.names.atoms.learn(VirtualAtom{100}, "_NET_WM_SYNC_REQUEST_COUNTER");
    d.names.ids.bases.pair(1, 4);
    d.names.ids.bases.close();
    d.names.atoms.numbers.pair(200, 400);
    d.names.atoms.numbers.close();
    Translator t(d, Direction::ToReal);
    Bytes data(8);
    const auto set = [&](uint32_t a, uint32_t b) {
        store32(&data[0], a);
        store32(&data[4], b);
    };
    set(200, 70);
    t.property(VirtualAtom{150}, d.names.atoms.find("ATOM"), 32, data);
    EXPECT_EQ(load32(&data[0]), 400u);
    set(0x200001, 0x200002);
    t.property(VirtualAtom{100}, d.names.atoms.find("CARDINAL"), 32, data);
    EXPECT_EQ(load32(&data[4]), 0x800002u);
    set(0x200001, 0x200002);
    t.property(VirtualAtom{150}, d.names.atoms.find("CARDINAL"), 32, data);
    EXPECT_EQ(load32(&data[0]), 0x200001u) << "numbers are left alone";
}

} // namespace
} // namespace glckpt::x11
