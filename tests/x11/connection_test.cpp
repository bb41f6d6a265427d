// One connection, bytes in and bytes out.
#include "gen/x11/protocol.h"
#include "messages.h"
#include <gtest/gtest.h>

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;
using test::Peer;
using test::reply;
using test::request;

Bytes get_geometry(uint32_t id) {
    return request(Build::core<GetGeometry>().u32(GetGeometry::drawable, id));
}
Bytes create_pixmap(uint32_t id) {
    return request(Build::core<CreatePixmap>(24)
                       .u32(CreatePixmap::pid, id)
                       .u32(CreatePixmap::drawable, 0x100)
                       .u16(CreatePixmap::width, 3)
                       .u16(CreatePixmap::height, 3));
}

TEST(Connection, PassesOnByteByByte) {
    Display d;
    Peer p(d);
    Bytes all;
    for (const Bytes& b : {create_pixmap(0x200001), get_geometry(0x200001),
                           request(Build::core<FreePixmap>().u32(FreePixmap::pixmap, 0x200001))})
        all.insert(all.end(), b.begin(), b.end());
    for (uint8_t b : all)
        p.client({b});
    EXPECT_EQ(p.to_server.bytes, all);
    EXPECT_EQ(d.resources.count(Kind::Pixmap), 0u);
}

TEST(Connection, AnswersOurQuestionsToUsAlone) {
    Display d;
    Peer p(d);
    p.client(get_geometry(0x100)); // 1
    bool answered = false;
    p.connection.send_sync([&] { answered = true; }); // 2
    p.client(get_geometry(0x100));                    // 3
    p.server(reply(1));
    EXPECT_FALSE(answered);
    p.server(reply(2));
    EXPECT_TRUE(answered);
    p.server(reply(3));
    ASSERT_EQ(p.to_client.bytes.size(), 64u);
    EXPECT_EQ(load16(&p.to_client.bytes[2]), 1u);
    EXPECT_EQ(load16(&p.to_client.bytes[34]), 2u) << "the app has sent two";
}

TEST(Connection, TellsUsOfErrorsAndOfSilence) {
    Display d;
    Peer p(d);
    int silent = 0, errors = 0;
    const auto count = [&](ByteSpan m) { ++(m.empty() ? silent : errors); };
    p.connection.send(create_pixmap(0x200005), count);
    p.connection.send(create_pixmap(0x200005), count);
    p.connection.send_sync([] {});
    Bytes error(32);
    store16(&error[2], 2);
    p.server(error);
    p.server(reply(3));
    EXPECT_EQ(silent, 1);
    EXPECT_EQ(errors, 1);
    EXPECT_TRUE(p.to_client.bytes.empty());
}

TEST(Connection, HidesExtensionsInTheirPlaceInTheOrder) {
    Display d;
    Peer p(d);
    constexpr std::string_view kName = "MIT-SHM";
    p.client(get_geometry(0x100)); // 1
    p.client(request(Build::core<QueryExtension>()
                         .u16(QueryExtension::name_len, kName.size())
                         .more(kName))); // 2
    EXPECT_EQ(p.to_server.bytes.size(), 8u + 4u) << "asked something else instead";
    p.server(reply(1));
    Bytes focus = reply(2, 1);
    focus[8] = 1; // looks like "present"
    p.server(focus);
    ASSERT_EQ(p.to_client.bytes.size(), 64u);
    EXPECT_EQ(load16(&p.to_client.bytes[34]), 2u);
    EXPECT_EQ(p.to_client.bytes[32 + QueryExtension::Reply::present], 0);
}

TEST(Connection, GlxIsThereEvenIfTheServerLacksIt) {
    Display d;
    Peer p(d);
    constexpr std::string_view kName = "GLX";
    p.client(request(
        Build::core<QueryExtension>().u16(QueryExtension::name_len, kName.size()).more(kName)));
    p.server(reply(1));
    const Bytes m = p.to_client.take();
    ASSERT_EQ(m.size(), 32u);
    EXPECT_EQ(m[QueryExtension::Reply::present], 1);
    const uint8_t major = m[QueryExtension::Reply::major_opcode];
    EXPECT_GE(major, 128);
    p.to_server.take();
    p.client(request(Build::extension<proto::glx::QueryVersion>(major)));
    EXPECT_EQ(p.to_server.take().size(), 4u);
    p.server(reply(2));
    const Bytes version = p.to_client.take();
    ASSERT_EQ(version.size(), 32u);
    EXPECT_EQ(load32(&version[proto::glx::QueryVersion::Reply::minor_version]), 4u);
    EXPECT_EQ(load16(&version[2]), 2u);
}

TEST(Connection, WithholdsTheFreeOfAPixmapInUse) {
    Display d;
    Peer p(d);
    p.client(create_pixmap(0x200001));
    constexpr uint32_t kTile = 1 << 10;
    p.client(request(Build::core<CreateGC>()
                         .u32(CreateGC::cid, 0x200002)
                         .u32(CreateGC::drawable, 0x200001)
                         .u32(CreateGC::value_mask, kTile)
                         .more32(0x200001)));
    p.to_server.take();
    p.client(request(Build::core<FreePixmap>().u32(FreePixmap::pixmap, 0x200001)));
    Bytes sent = p.to_server.take();
    ASSERT_EQ(sent.size(), 4u);
    EXPECT_EQ(sent[0], NoOperation::kOpcode);
    EXPECT_EQ(d.resources.count(Kind::Pixmap), 1u);
    p.client(request(Build::core<FreeGC>().u32(FreeGC::gc, 0x200002)));
    sent = p.to_server.take();
    ASSERT_EQ(sent.size(), 16u) << "FreeGC, then the FreePixmap that was due";
    EXPECT_EQ(sent[8], FreePixmap::kOpcode);
    EXPECT_EQ(load32(&sent[12]), 0x200001u);
    EXPECT_EQ(d.resources.count(Kind::Pixmap), 0u);
}

TEST(Connection, TranslatesBigRequestsInPlace) {
    Display d;
    Peer p(d);
    d.names.ids.bases.pair(1, 3);
    d.names.ids.bases.close();
    d.names.moved = true;
    // PolyFillRectangle with the long form of the length.
    Bytes b(8 + 8 + 8);
    b[0] = 70;
    store32(&b[4], (uint32_t)b.size() / 4);
    store32(&b[8], 0x200001);
    store32(&b[12], 0x200002);
    p.client(b);
    Bytes expected = b;
    store32(&expected[8], 0x600001);
    store32(&expected[12], 0x600002);
    EXPECT_EQ(p.to_server.bytes, expected);
}

TEST(Connection, LongRepliesPassAsTheyCome) {
    Display d;
    Peer p(d);
    p.client(request(Build::core<GetImage>(2).u32(GetImage::drawable, 0x100)));
    const Bytes whole = reply(1, 24, 100000);
    p.server({whole.begin(), whole.begin() + 5000});
    EXPECT_EQ(p.to_client.bytes.size(), 5000u);
    p.server({whole.begin() + 5000, whole.end()});
    EXPECT_EQ(p.to_client.bytes, whole);
    p.to_client.take();
    p.client(get_geometry(0x100));
    p.server(reply(2));
    EXPECT_EQ(p.to_client.bytes.size(), 32u);
}

TEST(Connection, AnotherConnectionAfterAMoveGetsAFreeBase) {
    Display d;
    Peer first(d, 1, 0x200000);
    d.names.ids.bases.pair(1, 2); // moved: 0x200000 is really 0x400000
    d.names.ids.bases.close();
    d.names.moved = true;
    Peer second(d, 2, 0x200000); // another client of the new server, with our old base
    EXPECT_EQ(second.connection.virtual_base(), 0x400000u);
    EXPECT_EQ(d.names.ids.to_real(VirtualXid{0x400001}).value, 0x200001u);
    EXPECT_EQ(d.names.ids.to_real(VirtualXid{0x200001}).value, 0x400001u);
}

// A server dies with questions open; the next one is asked them again.
TEST(Connection, AsksAgainWhatALostServerDidNotAnswer) {
    Display d;
    d.journal.on = true;
    Peer p(d);
    const Bytes ask = request(get_geometry(0x100));
    const Bytes map = request(Build::core<MapWindow>().u32(MapWindow::window, 0x200001));
    p.client(request(Build::core<GetImage>(2).u32(GetImage::drawable, 0x100)));
    const Bytes image = reply(1, 24, 10000);
    p.server({image.begin(), image.begin() + 5000}); // the rest never comes
    p.client(ask);
    p.client(map);
    p.client(ask);
    bool told = false;
    p.connection.send_sync([&told] { told = true; });
    p.connection.lost();
    EXPECT_TRUE(told); // nobody waits for what will not come
    p.to_client.take();
    p.to_server.take();

    p.connection.attached(*parse_setup(test::setup_reply(0x200000)));
    EXPECT_EQ(p.to_client.take().size(), 32u + 10000 - 5000); // as much as was promised
    p.connection.send_sync([] {});                            // of the attaching
    p.connection.ask_again();
    p.to_server.take();
    p.server(reply(1)); // ours
    p.server(reply(2));
    p.server(reply(3));
    const Bytes heard = p.to_client.take();
    ASSERT_EQ(heard.size(), 64u);
    EXPECT_EQ(load16(&heard[2]), 2u); // under the numbers that the program counts
    EXPECT_EQ(load16(&heard[32 + 2]), 4u);
    p.client(ask);
    p.server(reply(4));
    EXPECT_EQ(load16(&p.to_client.take()[2]), 5u);
    ASSERT_EQ(d.journal.entries().size(), 1u);
    EXPECT_EQ(d.journal.entries()[0].request, map);
}

TEST(Connection, UnknownRequestsVetoByName) {
    Display d;
    Peer p(d);
    Bytes b(4);
    b[0] = 200;
    p.client(request(b));
    EXPECT_EQ(d.vetoes.size(), 1u);
}

TEST(Connection, SurvivesAnything) {
    std::mt19937 rng(7);
    for (int round = 0; round < 200; ++round) {
        Display d;
        Peer p(d);
        for (int i = 0; i < 50; ++i) {
            Bytes b = test::random_bytes(rng, 4 * (1 + rng() % 30));
            b[0] = (uint8_t)(rng() % 128);
            p.client(request(b));
            Bytes m = test::random_bytes(rng, 32);
            if (m[0] == 1 || (m[0] & 0x7f) == 35)
                store32(&m[4], rng() % 4);
            p.server(m);
        }
    }
}

} // namespace
} // namespace glckpt::x11
