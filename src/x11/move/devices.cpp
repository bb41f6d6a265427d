// A server numbers its input devices in the order in which it met them: 2 and 3 are the core
// pointer and keyboard everywhere, but Xvfb's mouse is 6 and Xwayland's keyboard 9. Toolkits ask
// once, and keep tables by number. So the app's numbers stay: each of its devices is paired with
// one of the same use on the new server, of the same name if there is one, else in their order.
// What is left over on either side is told like the pulling and plugging of devices
// (XI_HierarchyChanged), after which toolkits ask anew and learn virtual numbers.
#include "x11/move/devices.h"
#include "gen/x11/protocol.h"
#include "x11/engine/connection.h"
#include <algorithm>

namespace glckpt::x11 {
namespace {

using namespace proto::xinput;

struct Device {
    uint16_t id, use, attachment;
    bool enabled;
    std::string_view name;
};

constexpr uint16_t kMasterPointer = 1, kMasterKeyboard = 2;

// XIDeviceInfo: deviceid, type, attachment, num_classes, name_len, enabled; the name; the classes,
// each with its length in words in its second field.
std::vector<Device> devices_of(ConstByteSpan reply) {
    constexpr size_t kHead = 32, kInfo = 12, kClass = 4;
    std::vector<Device> out;
    if (reply.size() < kHead || reply[0] != 1)
        return out;
    size_t at = kHead;
    for (unsigned n = load16(&reply[XIQueryDevice::Reply::num_infos]); n > 0; --n) {
        if (at + kInfo > reply.size())
            break;
        const uint8_t* p = &reply[at];
        const size_t name = load16(p + 8);
        at += kInfo;
        if (at + name > reply.size())
            break;
        out.push_back(
            {load16(p), load16(p + 2), load16(p + 4), p[10] != 0, {(const char*)&reply[at], name}});
        at += padded(name);
        for (unsigned classes = load16(p + 6); classes > 0 && at + kClass <= reply.size();
             --classes)
            at += std::max<size_t>(kClass, 4 * (size_t)load16(&reply[at + 2]));
    }
    return out;
}

bool is_master(const Device& d) { return d.use == kMasterPointer || d.use == kMasterKeyboard; }

// Of `to`, the one for `device`; null if all of its use are taken.
const Device* counterpart(const Device& device, const std::vector<Device>& to,
                          const std::vector<const Device*>& taken) {
    const Device* found = nullptr;
    for (const Device& d : to) {
        if (d.use != device.use || std::ranges::find(taken, &d) != taken.end())
            continue;
        if (d.name == device.name)
            return &d;
        if (!found)
            found = &d;
    }
    return found;
}

void append_info(Bytes& e, uint16_t id, const Device& d, uint16_t attachment, bool enabled,
                 uint32_t flags) {
    const size_t at = e.size();
    e.resize(at + 12);
    store16(&e[at], id);
    store16(&e[at + 2], attachment);
    e[at + 4] = (uint8_t)d.use;
    e[at + 5] = enabled;
    store32(&e[at + 8], flags);
}

} // namespace

Bytes query_devices(uint8_t major) {
    constexpr uint16_t kAll = 0;
    return Build::extension<XIQueryDevice>(major).u16(XIQueryDevice::deviceid, kAll);
}

void pair_devices(Display& display, const Bytes& reply) {
    Permutation& ids = display.names.devices;
    ids.clear();
    display.saved.new_devices = reply;
    const std::vector<Device> from = devices_of(display.saved.devices);
    const std::vector<Device> to = devices_of(reply);
    std::vector<const Device*> taken;
    std::vector<bool> paired(from.size());
    // Those of the same name first: another must not take theirs.
    for (const bool by_name : {true, false})
        for (size_t i = 0; i < from.size(); ++i) {
            const Device* d = paired[i] ? nullptr : counterpart(from[i], to, taken);
            if (!d || (by_name && d->name != from[i].name))
                continue;
            taken.push_back(d);
            paired[i] = true;
            ids.pair(from[i].id, d->id);
        }
    ids.close();
}

void tell_devices(Display& display, std::vector<std::string>& notes) {
    const std::vector<Device> from = devices_of(display.saved.devices);
    const std::vector<Device> to = devices_of(display.saved.new_devices);
    const Extension* xinput = display.extensions.find(*find_module("XInputExtension"));
    if (!xinput || !xinput->present || from.empty() || to.empty())
        return;
    const Permutation& ids = display.names.devices;
    enum : uint32_t { kAdded = 1 << 2, kRemoved = 1 << 3, kEnabled = 1 << 6, kDisabled = 1 << 7 };
    using E = ev::Hierarchy;
    Bytes event(E::infos);
    uint32_t flags = 0;
    uint16_t infos = 0;
    for (const Device& d : from) {
        const bool there =
            std::ranges::any_of(to, [&](const Device& t) { return t.id == ids.to_real(d.id); });
        if (there || is_master(d))
            continue;
        notes.push_back("input device \"" + std::string(d.name) + "\" has no counterpart");
        append_info(event, d.id, d, 0, false, kRemoved | kDisabled);
        flags |= kRemoved | kDisabled;
        ++infos;
    }
    for (const Device& t : to) {
        const auto id = (uint16_t)ids.to_virtual(t.id);
        const bool known = std::ranges::any_of(from, [&](const Device& d) { return d.id == id; });
        if (known || is_master(t))
            continue;
        append_info(event, id, t, (uint16_t)ids.to_virtual(t.attachment), t.enabled,
                    kAdded | kEnabled);
        flags |= kAdded | kEnabled;
        ++infos;
    }
    if (infos == 0)
        return;
    constexpr uint8_t kGenericEvent = 35;
    event[0] = kGenericEvent;
    event[1] = xinput->virtual_.major;
    store32(&event[4], (uint32_t)((event.size() - 32) / 4));
    store16(&event[8], E::kNumber);
    store32(&event[E::time], display.names.time.latest());
    store32(&event[E::flags], flags);
    store16(&event[E::num_infos], infos);
    for (const KeptRequest* k : display.kept.in_order()) {
        using Q = XISelectEvents; // kept with one mask each: device, length, bits
        Connection* c = display.connection(k->owner);
        if (!c || k->module != xinput->module || k->bytes[1] != Q::kOpcode ||
            k->bytes.size() < Q::kFixed + 8 ||
            !(load32(&k->bytes[Q::kFixed + 4]) >> E::kNumber & 1))
            continue;
        c->post_event(event);
    }
}

} // namespace glckpt::x11
