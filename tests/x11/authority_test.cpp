#include "x11/transport/authority.h"
#include <cstddef>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace glckpt::x11 {
namespace {

void add(Bytes& file, uint16_t family, std::initializer_list<std::string_view> texts) {
    file.push_back((uint8_t)(family >> 8));
    file.push_back((uint8_t)family);
    for (std::string_view t : texts) {
        file.push_back((uint8_t)(t.size() >> 8));
        file.push_back((uint8_t)t.size());
        file.insert(file.end(), t.begin(), t.end());
    }
}

TEST(Authority, FindsTheEntryOfTheDisplay) {
    Bytes file;
    add(file, 256, {"box", "1", "MIT-MAGIC-COOKIE-1", "one"});
    add(file, 256, {"other", "2", "MIT-MAGIC-COOKIE-1", "not this host"});
    add(file, 256, {"box", "2", "MIT-MAGIC-COOKIE-1", "two"});
    add(file, 65535, {"", "3", "MIT-MAGIC-COOKIE-1", "wild"});
    const auto cookie = [&](const char* display) {
        const Authority a = find_authority_in(file, *parse_display_name(display), "box");
        return std::string(a.data.begin(), a.data.end());
    };
    EXPECT_EQ(cookie(":1"), "one");
    EXPECT_EQ(cookie(":2.0"), "two");
    EXPECT_EQ(cookie("unix:3"), "wild");
    EXPECT_EQ(cookie(":4"), "");
    EXPECT_EQ(cookie("localhost:2"), "two");
    file.resize(file.size() - 3); // cut short
    EXPECT_EQ(cookie(":3"), "");
}

TEST(Address, RecognizesXSocketsOnly) {
    sockaddr_un u{};
    u.sun_family = AF_UNIX;
    strcpy(u.sun_path, "/tmp/.X11-unix/X7");
    auto a = x_address((sockaddr*)&u, sizeof u);
    ASSERT_TRUE(a);
    EXPECT_EQ(a->number, 7u);
    EXPECT_EQ(a->display_name(), ":7");
    strcpy(u.sun_path + 1, "/tmp/.X11-unix/X12");
    u.sun_path[0] = 0;
    a = x_address((sockaddr*)&u, (socklen_t)(offsetof(sockaddr_un, sun_path) + 19));
    ASSERT_TRUE(a);
    EXPECT_EQ(a->number, 12u);
    strcpy(u.sun_path, "/run/dbus/system_bus_socket");
    EXPECT_FALSE(x_address((sockaddr*)&u, sizeof u));
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in.sin_port = htons(6010);
    a = x_address((sockaddr*)&in, sizeof in);
    ASSERT_TRUE(a);
    EXPECT_EQ(a->display_name(), "127.0.0.1:10");
    in.sin_port = htons(443);
    EXPECT_FALSE(x_address((sockaddr*)&in, sizeof in));
}

TEST(Address, ParsesDisplayNames) {
    EXPECT_EQ(parse_display_name(":52.1")->number, 52u);
    EXPECT_EQ(parse_display_name("192.0.2.1:3")->host, "192.0.2.1");
    EXPECT_TRUE(parse_display_name("[::1]:3")->ipv6);
    EXPECT_FALSE(parse_display_name("nonsense"));
    EXPECT_FALSE(parse_display_name(":x"));
}

} // namespace
} // namespace glckpt::x11
