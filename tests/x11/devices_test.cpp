// Input devices that another server numbers otherwise.
#include "gen/x11/protocol.h"
#include "messages.h"
#include "x11/engine/translate.h"
#include "x11/move/devices.h"
#include <gtest/gtest.h>

namespace glckpt::x11 {
namespace {

using namespace proto::xinput;

struct Listed {
    uint16_t id, use, attachment;
    const char* name;
};

// XIQueryDevice's reply; each device has a class of 8 bytes.
Bytes reply_of(std::initializer_list<Listed> devices) {
    Bytes m(32);
    m[0] = 1;
    store16(&m[XIQueryDevice::Reply::num_infos], (uint16_t)devices.size());
    for (const Listed& d : devices) {
        const size_t at = m.size(), name = strlen(d.name);
        m.resize(at + 12 + padded(name) + 8);
        store16(&m[at], d.id);
        store16(&m[at + 2], d.use);
        store16(&m[at + 4], d.attachment);
        store16(&m[at + 6], 1);
        store16(&m[at + 8], (uint16_t)name);
        m[at + 10] = 1;
        memcpy(&m[at + 12], d.name, name);
        store16(&m[at + 12 + padded(name) + 2], 2);
    }
    return m;
}

const Bytes kXvfb = reply_of({{2, 1, 3, "Virtual core pointer"},
                              {3, 2, 2, "Virtual core keyboard"},
                              {4, 3, 2, "Virtual core XTEST pointer"},
                              {5, 4, 3, "Virtual core XTEST keyboard"},
                              {6, 3, 2, "Xvfb mouse"},
                              {7, 4, 3, "Xvfb keyboard"}});
const Bytes kXwayland = reply_of({{2, 1, 3, "Virtual core pointer"},
                                  {3, 2, 2, "Virtual core keyboard"},
                                  {4, 3, 2, "Virtual core XTEST pointer"},
                                  {5, 4, 3, "Virtual core XTEST keyboard"},
                                  {6, 3, 2, "xwayland-pointer:16"},
                                  {7, 3, 2, "xwayland-relative-pointer:16"},
                                  {9, 4, 3, "xwayland-keyboard:16"}});

// A program that asked for hierarchy changes.
struct Devices : testing::Test {
    Display display;
    test::Peer peer{display};
    std::vector<std::string> notes;
    Devices() {
        Extension& e = display.extensions.add(*find_module("XInputExtension"), {131, 70, 140});
        Bytes select = Build::extension<XISelectEvents>(e.virtual_.major)
                           .u16(XISelectEvents::num_mask, 1)
                           .more32(1u << 16)
                           .more32(1u << ev::Hierarchy::kNumber);
        peer.client(test::request(select));
        peer.to_server.take();
    }
};

TEST_F(Devices, KeepTheirNumbersForTheProgram) {
    display.saved.devices = kXvfb;
    pair_devices(display, kXwayland);
    const Permutation& ids = display.names.devices;
    for (uint16_t same : {0, 1, 2, 3, 4, 5, 6})
        EXPECT_EQ(ids.to_real(same), same);
    EXPECT_EQ(ids.to_real(7), 9u);
    EXPECT_EQ(ids.to_virtual(9), 7u);
    EXPECT_EQ(ids.to_virtual(7), 9u); // a name of its own for the one that is new
    tell_devices(display, notes);
    const Bytes told = peer.to_client.take();
    ASSERT_EQ(told.size(), 32u + 12u);
    EXPECT_EQ(load16(&told[ev::Hierarchy::num_infos]), 1);
    EXPECT_EQ(load16(&told[32]), 9); // plugged in
    EXPECT_TRUE(notes.empty());
}

TEST_F(Devices, TellWhatIsNotThereAnyMore) {
    display.saved.devices = kXwayland;
    pair_devices(display, kXvfb);
    EXPECT_EQ(display.names.devices.to_real(9), 7u);
    tell_devices(display, notes);
    const Bytes told = peer.to_client.take();
    ASSERT_EQ(told.size(), 32u + 12u);
    EXPECT_EQ(load16(&told[32]), 7);
    EXPECT_EQ(notes.size(), 1u);
}

// XInput 1 and XKB have them in one byte: in classes of events, in requests, in events.
TEST_F(Devices, AreTranslatedInOneByteToo) {
    display.saved.devices = kXvfb;
    pair_devices(display, kXwayland);
    const Extension& xi = *display.extensions.find(*find_module("XInputExtension"));
    const ModuleInfo& module = *xi.module;
    const auto request = [&](uint8_t opcode, Bytes r) {
        r = test::request(std::move(r));
        Translator(display, Direction::ToReal).request(module, *find_request(module, opcode), r);
        return r;
    };
    using S = SelectExtensionEvent;
    const uint32_t key_press = 7u << 8 | (xi.virtual_.first_event + ev::DeviceKeyPress::kNumber);
    const Bytes selected =
        request(S::kOpcode,
                Build::extension<S>(xi.virtual_.major).u16(S::num_classes, 1).more32(key_press));
    EXPECT_EQ(selected[S::classes + 1], 9);
    const Bytes opened =
        request(OpenDevice::kOpcode,
                Build::extension<OpenDevice>(xi.virtual_.major).u8(OpenDevice::device_id, 7));
    EXPECT_EQ(opened[OpenDevice::device_id], 9);
    using G = GrabDeviceKey;
    constexpr uint8_t kXKeyboard = 255, kMoreEvents = 0x80;
    const Bytes grabbed = request(G::kOpcode, Build::extension<G>(xi.virtual_.major)
                                                  .u8(G::grabbed_device, 7)
                                                  .u8(G::modifier_device, kXKeyboard));
    EXPECT_EQ(grabbed[G::grabbed_device], 9);
    EXPECT_EQ(grabbed[G::modifier_device], kXKeyboard);
    Bytes event(32);
    event[0] = (uint8_t)(xi.real.first_event + ev::DeviceKeyPress::kNumber);
    event[ev::DeviceKeyPress::device_id] = 9 | kMoreEvents;
    Translator(display, Direction::ToVirtual).any_event(event);
    EXPECT_EQ(event[ev::DeviceKeyPress::device_id], 7 | kMoreEvents);
}

TEST_F(Devices, SayNothingWhenAllIsAsItWas) {
    display.saved.devices = kXvfb;
    pair_devices(display, kXvfb);
    EXPECT_TRUE(display.names.devices.identity() || display.names.devices.to_real(7) == 7);
    tell_devices(display, notes);
    EXPECT_TRUE(peer.to_client.take().empty());
}

} // namespace
} // namespace glckpt::x11
