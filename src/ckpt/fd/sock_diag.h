// The kernel's list of sockets, which it tells by netlink only (sock_diag).
#pragma once
#include <cstddef>
#include <functional>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

namespace glckpt::ckpt {

// `request`: what is asked (inet_diag_req_v2, unix_diag_req). `visit` gets each answer, and says
// whether to go on. False: this kernel does not tell.
bool dump_sockets(const void* request, size_t bytes,
                  const std::function<bool(const nlmsghdr*)>& visit);

// Attributes behind the fixed part of an answer.
template <class Fixed, class Visit>
void for_each_attribute(const nlmsghdr* h, Visit visit) {
    auto* a = reinterpret_cast<const rtattr*>(static_cast<const Fixed*>(NLMSG_DATA(h)) + 1);
    int left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof(Fixed)));
    for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
        visit(a->rta_type, static_cast<const char*>(RTA_DATA(a)), (size_t)RTA_PAYLOAD(a));
}

} // namespace glckpt::ckpt
