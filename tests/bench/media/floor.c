/* The floor: what receiving, decrypting, encrypting and sending a packet costs with nothing else.
 *
 * One socket, one thread: recvfrom, libsrtp2, sendto. Whose a packet is says the source's port;
 * the only thing rewritten is the SSRC. Prints its port, then reads a line a flow:
 * source port, key in, key out, SSRC out, the flow that gets it.
 */

#include "srtp.h"

struct flow {
    srtp_t in, out;
    struct sockaddr_in address;
    uint32_t ssrc;
    int partner;
};

static struct flow flows[MAX_FLOWS];
static short by_port[65536];

int main(void) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = SOCKET_BYTES, count, port;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t own_size = sizeof own;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (bind(fd, (struct sockaddr *)&own, sizeof own)) die("bind");
    getsockname(fd, (struct sockaddr *)&own, &own_size);
    printf("%d\n", ntohs(own.sin_port));
    fflush(stdout);
    if (srtp_init()) die("srtp_init");
    memset(by_port, -1, sizeof by_port);
    if (scanf("%d", &count) != 1 || count > MAX_FLOWS) die("count");
    for (int i = 0; i < count; i++) {
        char in[64], out[64];
        struct flow *flow = flows + i;
        if (scanf("%d %63s %63s %u %d", &port, in, out, &flow->ssrc, &flow->partner) != 5)
            die("flow");
        flow->in = session(in, ssrc_any_inbound);
        flow->out = session(out, ssrc_any_outbound);
        flow->address = own;
        flow->address.sin_port = htons(port);
        by_port[port] = i;
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        static unsigned char packet[ROOM_BYTES];
        struct sockaddr_in from;
        socklen_t from_size = sizeof from;
        int length = recvfrom(fd, packet, sizeof packet - 256, 0, (struct sockaddr *)&from, &from_size);
        if (length < 12 || packet[0] >> 6 != 2) continue;
        short at = by_port[ntohs(from.sin_port)];
        if (at < 0) continue;
        struct flow *flow = flows + at, *to = flows + flow->partner;
        if (packet[1] > 191 && packet[1] < 224) {
            if (srtp_unprotect_rtcp(flow->in, packet, &length)) continue;
            if (srtp_protect_rtcp(to->out, packet, &length)) continue;
        } else {
            if (srtp_unprotect(flow->in, packet, &length)) continue;
            uint32_t ssrc = htonl(flow->ssrc);
            memcpy(packet + 8, &ssrc, 4);
            if (srtp_protect(to->out, packet, &length)) continue;
        }
        sendto(fd, packet, length, 0, (struct sockaddr *)&to->address, sizeof to->address);
    }
}
