#include "x11/engine/sequence.h"
#include <gtest/gtest.h>

namespace glckpt::x11 {
namespace {

TEST(SequenceMap, InjectedRequestsAreNotCountedByTheApp) {
    SequenceMap s;
    s.forwarded(); // app 1, server 1
    s.injected();  // server 2
    s.injected();  // server 3
    s.forwarded(); // app 2, server 4
    EXPECT_EQ(s.to_client(1), 1u);
    EXPECT_EQ(s.to_client(2), 1u);
    EXPECT_EQ(s.to_client(3), 1u);
    EXPECT_EQ(s.to_client(4), 2u);
}

TEST(SequenceMap, GoesOnWhereItWasOnANewServer) {
    SequenceMap s;
    for (int i = 0; i < 1000; ++i)
        s.forwarded();
    s.new_server();
    EXPECT_EQ(s.server(), 0u);
    EXPECT_EQ(s.to_client(0), 1000u);
    s.injected();
    s.forwarded();
    EXPECT_EQ(s.to_client(1), 1000u);
    EXPECT_EQ(s.to_client(2), 1001u);
}

TEST(SequenceMap, WidensAcrossTheWrap) {
    SequenceMap s;
    EXPECT_EQ(s.widen(0xfff0), 0xfff0u);
    EXPECT_EQ(s.widen(0xffff), 0xffffu);
    EXPECT_EQ(s.widen(0x0003), 0x10003u);
    EXPECT_EQ(s.widen(0x0003), 0x10003u);
}

TEST(SequenceMap, ManyStepsInOrder) {
    SequenceMap s;
    std::deque<std::pair<uint64_t, uint64_t>> expected; // server, client
    for (int i = 0; i < 5000; ++i) {
        if (i % 7 == 3)
            s.injected();
        else
            s.forwarded();
        expected.emplace_back(s.server(), s.client());
    }
    for (const auto& [server, client] : expected)
        EXPECT_EQ(s.to_client(server), client);
}

} // namespace
} // namespace glckpt::x11
