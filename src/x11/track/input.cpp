// XInput 2 and XKB: selections of events, grabs of devices.
#include "x11/track/tracking.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xinput;

std::string slot_of(const Request& r, std::initializer_list<std::pair<size_t, size_t>> fields) {
    std::string slot;
    for (const auto& [at, size] : fields)
        slot.append(r.text(at, size));
    return slot;
}

} // namespace

// One request may select for several devices, and only for those: each device is a slot of its
// own, kept as a request of its own.
Verdict track_xinput_XISelectEvents(Tracking& t, const Request& r) {
    using Q = XISelectEvents;
    size_t at = Q::kFixed;
    for (unsigned n = r.u16(Q::num_mask); n > 0 && at + 4 <= r.bytes.size(); --n) {
        const size_t size = 4 + 4 * (size_t)r.u16(at + 2);
        Bytes one = Build::extension<Q>(r.bytes[0])
                        .xid(Q::window, r.xid(Q::window))
                        .u16(Q::num_mask, 1)
                        .more(r.from(at, size));
        const std::string slot = slot_of(r, {{Q::window, 4}, {at, 2}});
        t.display.kept.keep(t.me(), {r.module, r.info, one}, slot, r.xid(Q::window));
        at += size;
    }
    return Verdict::Forward;
}

Verdict track_xinput_CloseDevice(Tracking& t, const Request& r) {
    t.display.kept.forget(t.me(), find_request(*r.module, OpenDevice::kOpcode),
                          slot_of(r, {{CloseDevice::device_id, 1}}));
    return Verdict::Forward;
}

Verdict track_xinput_XIPassiveGrabDevice(Tracking& t, const Request& r) {
    using Q = XIPassiveGrabDevice;
    t.display.kept.keep(
        t.me(), r,
        slot_of(r, {{Q::grab_window, 4}, {Q::detail, 4}, {Q::deviceid, 2}, {Q::grab_type, 1}}),
        r.xid(Q::grab_window));
    return Verdict::Forward;
}

Verdict track_xinput_XIPassiveUngrabDevice(Tracking& t, const Request& r) {
    using Q = XIPassiveUngrabDevice;
    t.display.kept.forget(
        t.me(), find_request(*r.module, XIPassiveGrabDevice::kOpcode),
        slot_of(r, {{Q::grab_window, 4}, {Q::detail, 4}, {Q::deviceid, 2}, {Q::grab_type, 1}}));
    return Verdict::Forward;
}

Verdict track_xinput_XIGrabDevice(Tracking& t, const Request& r) {
    using Q = XIGrabDevice;
    Display& d = t.display;
    const uint16_t device = r.u16(Q::deviceid);
    ActiveGrab grab{t.me(), r.xid(Q::window), r.copy(), nullptr};
    t.on_reply([&d, device, grab = std::move(grab)](ByteSpan m) {
        if (m.size() >= 32 && m[0] == 1 && m[Q::Reply::status] == 0)
            d.grabs.devices[device] = grab;
    });
    return Verdict::Forward;
}

Verdict track_xinput_XIUngrabDevice(Tracking& t, const Request& r) {
    t.display.grabs.devices.erase(r.u16(XIUngrabDevice::deviceid));
    return Verdict::Forward;
}

// XInput 1's grabs. The active one lies beside XInput 2's of the same device: there is only one.
Verdict track_xinput_GrabDevice(Tracking& t, const Request& r) {
    using Q = GrabDevice;
    Display& d = t.display;
    const uint16_t device = r.u8(Q::device_id);
    ActiveGrab grab{t.me(), r.xid(Q::grab_window), r.copy(), nullptr};
    t.on_reply([&d, device, grab = std::move(grab)](ByteSpan m) {
        if (m.size() >= 32 && m[0] == 1 && m[Q::Reply::status] == 0)
            d.grabs.devices[device] = grab;
    });
    return Verdict::Forward;
}

Verdict track_xinput_UngrabDevice(Tracking& t, const Request& r) {
    t.display.grabs.devices.erase(r.u8(UngrabDevice::device_id));
    return Verdict::Forward;
}

Verdict track_xinput_GrabDeviceKey(Tracking& t, const Request& r) {
    using Q = GrabDeviceKey;
    t.display.kept.keep(t.me(), r,
                        slot_of(r, {{Q::grab_window, 4},
                                    {Q::modifiers, 2},
                                    {Q::modifier_device, 1},
                                    {Q::key, 1},
                                    {Q::grabbed_device, 1}}),
                        r.xid(Q::grab_window));
    return Verdict::Forward;
}

Verdict track_xinput_UngrabDeviceKey(Tracking& t, const Request& r) {
    using Q = UngrabDeviceKey;
    t.display.kept.forget(t.me(), find_request(*r.module, GrabDeviceKey::kOpcode),
                          slot_of(r, {{Q::grabWindow, 4},
                                      {Q::modifiers, 2},
                                      {Q::modifier_device, 1},
                                      {Q::key, 1},
                                      {Q::grabbed_device, 1}}));
    return Verdict::Forward;
}

Verdict track_xinput_GrabDeviceButton(Tracking& t, const Request& r) {
    using Q = GrabDeviceButton;
    t.display.kept.keep(t.me(), r,
                        slot_of(r, {{Q::grab_window, 4},
                                    {Q::modifiers, 2},
                                    {Q::modifier_device, 1},
                                    {Q::button, 1},
                                    {Q::grabbed_device, 1}}),
                        r.xid(Q::grab_window));
    return Verdict::Forward;
}

Verdict track_xinput_UngrabDeviceButton(Tracking& t, const Request& r) {
    using Q = UngrabDeviceButton;
    t.display.kept.forget(t.me(), find_request(*r.module, GrabDeviceButton::kOpcode),
                          slot_of(r, {{Q::grab_window, 4},
                                      {Q::modifiers, 2},
                                      {Q::modifier_device, 1},
                                      {Q::button, 1},
                                      {Q::grabbed_device, 1}}));
    return Verdict::Forward;
}

// Adds to a set or takes from it: whatever was said last of each class is among the requests that
// differ, sent again in the order of their last use.
Verdict track_xinput_ChangeDeviceDontPropagateList(Tracking& t, const Request& r) {
    using Q = ChangeDeviceDontPropagateList;
    t.display.kept.keep(t.me(), r, std::string(r.text(Q::window, r.bytes.size() - Q::window)),
                        r.xid(Q::window));
    return Verdict::Forward;
}

// The request changes some of the masks of a device and leaves the others: requests that differ
// in which they change are different slots, and are sent again in the order of their last use.
Verdict track_xkb_SelectEvents(Tracking& t, const Request& r) {
    using Q = proto::xkb::SelectEvents;
    t.display.kept.keep(t.me(), r,
                        slot_of(r, {{Q::deviceSpec, 2}, {Q::affectWhich, 2}, {Q::affectMap, 2}}));
    return Verdict::Forward;
}

} // namespace glckpt::x11
