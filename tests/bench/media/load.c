/* The load: calls of 1000-byte packets in bursts of five, encrypted as they are sent.
 *
 * Every flow is a socket whose handshake was made before; it is inherited. A burst is a VP8 frame:
 * five packets with one timestamp, the first frame and each 128th a key frame. The send time is in
 * the payload; every eighth packet that arrives is decrypted, compared byte for byte, and gives a
 * delay up to the kernel's own stamp of arrival. Each flow reports what it received as a browser
 * does: transport-cc feedback every 100 ms, a sender and a receiver report every second.
 *
 * Reads a line a flow: descriptor, SSRC, key out, key in, the flow it hears. Then orders
 * `run RATE MILLISECONDS`, each answered with a line of JSON.
 */

#define _GNU_SOURCE
#include "srtp.h"

#include <sys/epoll.h>
#include <sys/prctl.h>

#define BURST 5
#define PACKET_BYTES 1000
#define BATCH 32
#define SAMPLE 8
#define HEAD 24
#define STAMP 40
#define BODY 56
#define MAX_ARRIVALS 4096
#define KEY_FRAMES 128
#define FEEDBACK_NS 100000000ull
#define REPORT_NS 1000000000ull
#define DRAIN_NS 200000000ull

struct flow {
    int fd, partner, arrivals;
    srtp_t tx, rx;
    uint32_t ssrc, heard_ssrc, frame, timestamp, packets, octets;
    uint16_t sequence, transport, heard_sequence;
    uint8_t feedbacks;
    uint64_t next_feedback, next_report;
    struct { uint16_t number; uint64_t at; } arrival[MAX_ARRIVALS];
};

static struct flow flows[MAX_FLOWS];
static unsigned char body[PACKET_BYTES];
static int count, poller;
static long sent, unsent, received, opened, wrong, rtcp_sent, rtcp_received, other;
static uint32_t *delays;
static long delays_count, delays_room;

static uint64_t now_ns(void) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    return at.tv_sec * 1000000000ull + at.tv_nsec;
}

static void put16(unsigned char *at, uint16_t value) { value = htons(value); memcpy(at, &value, 2); }
static void put32(unsigned char *at, uint32_t value) { value = htonl(value); memcpy(at, &value, 4); }
static uint16_t get16(const unsigned char *at) { return at[0] << 8 | at[1]; }
static uint32_t get32(const unsigned char *at) { uint32_t v; memcpy(&v, at, 4); return ntohl(v); }

static void send_rtcp(struct flow *flow, unsigned char *packet, int length) {
    if (srtp_protect_rtcp(flow->tx, packet, &length)) { wrong++; return; }
    if (send(flow->fd, packet, length, MSG_DONTWAIT) == length) rtcp_sent++;
}

/* draft-holmer-rmcat-transport-wide-cc-extensions-01, all arrivals of one flow in order. */
static void send_feedback(struct flow *flow) {
    static unsigned char packet[16384], deltas[2 * MAX_ARRIVALS], symbols[65536];
    int arrivals = flow->arrivals, span, length = 20, behind = 0;
    flow->arrivals = 0;
    if (!arrivals) return;
    uint16_t base = flow->arrival[0].number;
    span = (uint16_t)(flow->arrival[arrivals - 1].number - base) + 1;
    if (span > 2048) return;
    memset(symbols, 0, span);
    uint64_t reference = flow->arrival[0].at / 64000000, before = reference * 256;
    for (int i = 0; i < arrivals; i++) {
        int at = (uint16_t)(flow->arrival[i].number - base);
        if (at >= span || symbols[at]) continue;
        int64_t delta = (int64_t)(flow->arrival[i].at / 250000) - (int64_t)before;
        before += delta;
        if (delta >= 0 && delta < 256) {
            symbols[at] = 1;
            deltas[behind++] = delta;
        } else {
            symbols[at] = 2;
            put16(deltas + behind, (uint16_t)delta);
            behind += 2;
        }
    }
    for (int at = 0; at < span;) {
        int run = 1;
        while (at + run < span && symbols[at + run] == symbols[at]) run++;
        if (run >= 7) {
            put16(packet + length, symbols[at] << 13 | run);
            at += run;
        } else {
            uint16_t chunk = 0xC000;
            for (int i = 0; i < 7 && at < span; i++, at++) chunk |= symbols[at] << (12 - 2 * i);
            put16(packet + length, chunk);
        }
        length += 2;
    }
    memcpy(packet + length, deltas, behind);
    length += behind;
    int padding = (4 - length % 4) % 4;
    memset(packet + length, 0, padding);
    if (padding) packet[length + padding - 1] = padding;
    length += padding;
    packet[0] = 0x80 | (padding ? 0x20 : 0) | 15;
    packet[1] = 205;
    put16(packet + 2, length / 4 - 1);
    put32(packet + 4, flow->ssrc);
    put32(packet + 8, flow->heard_ssrc);
    put16(packet + 12, base);
    put16(packet + 14, span);
    put32(packet + 16, (uint32_t)(reference << 8) | flow->feedbacks++);
    send_rtcp(flow, packet, length);
}

static void send_report(struct flow *flow, uint64_t now) {
    static unsigned char packet[ROOM_BYTES];
    packet[0] = 0x81;
    packet[1] = 200;
    put16(packet + 2, 12);
    put32(packet + 4, flow->ssrc);
    put32(packet + 8, (uint32_t)(now / 1000000000ull + 2208988800ull));
    put32(packet + 12, (uint32_t)((now % 1000000000ull) * 4.294967296));
    put32(packet + 16, flow->timestamp);
    put32(packet + 20, flow->packets);
    put32(packet + 24, flow->octets);
    put32(packet + 28, flow->heard_ssrc);
    put32(packet + 32, 0);
    put32(packet + 36, flow->heard_sequence);
    memset(packet + 40, 0, 12);
    send_rtcp(flow, packet, 52);
}

static void send_burst(int index) {
    static unsigned char packets[BURST][ROOM_BYTES];
    static struct iovec parts[BURST];
    static struct mmsghdr messages[BURST];
    struct flow *flow = flows + index;
    int key = flow->frame++ % KEY_FRAMES == 0;
    flow->timestamp += 3000;
    for (int i = 0; i < BURST; i++) {
        unsigned char *packet = packets[i];
        int length = PACKET_BYTES;
        packet[0] = 0x90;
        packet[1] = 96 | (i == BURST - 1 ? 0x80 : 0);
        put16(packet + 2, flow->sequence++);
        put32(packet + 4, flow->timestamp);
        put32(packet + 8, flow->ssrc);
        memcpy(packet + 12, "\xbe\xde\0\2\x40\x31\x51\0\0\0\0\0", 12);
        put16(packet + 19, flow->transport++);
        memset(packet + HEAD, 0, STAMP - HEAD);
        packet[HEAD] = i ? 0 : 0x10;
        if (!i && key) memcpy(packet + HEAD + 1, "\x10\0\0\x9d\1\x2a\x80\2\xe0\1", 10);
        else packet[HEAD + 1] = 0x11;
        memcpy(packet + STAMP, "LOAD", 4);
        put32(packet + STAMP + 4, index);
        memcpy(packet + BODY, body + BODY, PACKET_BYTES - BODY);
        uint64_t at = now_ns();
        memcpy(packet + STAMP + 8, &at, 8);
        if (srtp_protect(flow->tx, packet, &length)) { wrong++; length = 0; }
        flow->packets++;
        flow->octets += PACKET_BYTES - HEAD;
        parts[i] = (struct iovec){packet, length};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = parts + i, .msg_iovlen = 1};
    }
    int done = sendmmsg(flow->fd, messages, BURST, MSG_DONTWAIT);
    sent += BURST;
    if (done < BURST) unsent += BURST - (done < 0 ? 0 : done);
}

static void take(int index, unsigned char *packet, int length, uint64_t at) {
    struct flow *flow = flows + index;
    if (length < 12 || packet[0] >> 6 != 2) { other++; return; }
    if (packet[1] > 191 && packet[1] < 224) { rtcp_received++; return; }
    received++;
    flow->heard_ssrc = get32(packet + 8);
    flow->heard_sequence = get16(packet + 2);
    if (packet[0] & 16 && packet[12] == 0xbe) {
        int end = 16 + 4 * get16(packet + 14);
        for (int i = 16; i < end && i < length;) {
            if (!packet[i]) { i++; continue; }
            if (packet[i] >> 4 == 5 && flow->arrivals < MAX_ARRIVALS) {
                flow->arrival[flow->arrivals].number = get16(packet + i + 1);
                flow->arrival[flow->arrivals++].at = at;
            }
            i += (packet[i] & 15) + 2;
        }
    }
    if (received % SAMPLE) return;
    if (srtp_unprotect(flow->rx, packet, &length)) { wrong++; return; }
    int head = 12;
    if (packet[0] & 16) head += 4 + 4 * get16(packet + 14);
    unsigned char *stamp = packet + head + STAMP - HEAD;
    uint64_t sent_at;
    memcpy(&sent_at, stamp + 8, 8);
    if (length - head != PACKET_BYTES - HEAD || memcmp(stamp, "LOAD", 4)
        || get32(stamp + 4) != (uint32_t)flow->partner
        || memcmp(stamp + BODY - STAMP, body + BODY, PACKET_BYTES - BODY)) { wrong++; return; }
    opened++;
    if (delays_count < delays_room)
        delays[delays_count++] = at > sent_at ? (uint32_t)(at - sent_at) : 0;
}

static void receive(int index) {
    static unsigned char packets[BATCH][ROOM_BYTES];
    static char controls[BATCH][64];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){packets[i], ROOM_BYTES};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = parts + i, .msg_iovlen = 1,
            .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
    }
    int got = recvmmsg(flows[index].fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        uint64_t at = 0;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr); c;
             c = CMSG_NXTHDR(&messages[i].msg_hdr, c))
            if (c->cmsg_type == SCM_TIMESTAMPNS) {
                struct timespec stamp;
                memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
                at = stamp.tv_sec * 1000000000ull + stamp.tv_nsec;
            }
        take(index, packets[i], messages[i].msg_len, at);
    }
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void run(long rate, long milliseconds) {
    struct epoll_event ready[64];
    uint64_t gap = 1000000000ull * BURST / rate, began = now_ns(), due = began, late = 0;
    uint64_t end = began + milliseconds * 1000000ull;
    int turn = 0;
    sent = unsent = received = opened = wrong = rtcp_sent = rtcp_received = other = 0;
    delays_count = 0;
    delays_room = rate * milliseconds / 1000 / SAMPLE + 4096;
    delays = realloc(delays, delays_room * sizeof *delays);
    for (int i = 0; i < count; i++) {
        flows[i].next_feedback = began + FEEDBACK_NS * (i + 1) / count;
        flows[i].next_report = began + REPORT_NS * (i + 1) / count;
    }
    for (;;) {
        uint64_t now = now_ns();
        if (now >= end + DRAIN_NS) break;
        if (now < end)
            for (int sends = 0; due <= now && due < end && sends < 8; sends++) {
                if (now - due > late) late = now - due;
                send_burst(turn);
                turn = (turn + 1) % count;
                due += gap;
            }
        for (int i = 0; i < count && now < end; i++) {
            if (now >= flows[i].next_feedback) {
                flows[i].next_feedback += FEEDBACK_NS;
                send_feedback(flows + i);
            }
            if (now >= flows[i].next_report) {
                flows[i].next_report += REPORT_NS;
                send_report(flows + i, now);
            }
        }
        now = now_ns();
        uint64_t wait = now >= end ? 1000000 : due > now ? due - now : 0;
        struct timespec time = {0, wait > 1000000 ? 1000000 : wait};
        int got = epoll_pwait2(poller, ready, 64, &time, NULL);
        for (int i = 0; i < got; i++) receive(ready[i].data.u32);
    }
    qsort(delays, delays_count, sizeof *delays, ascending);
    printf("{\"sent\": %ld, \"unsent\": %ld, \"received\": %ld, \"opened\": %ld, \"wrong\": %ld, "
           "\"rtcp_sent\": %ld, \"rtcp_received\": %ld, \"late_ms\": %.2f, \"p50_us\": %.1f, "
           "\"p99_us\": %.1f}\n",
           sent, unsent, received, opened, wrong, rtcp_sent, rtcp_received, late / 1e6,
           delays_count ? delays[delays_count / 2] / 1e3 : -1,
           delays_count ? delays[delays_count * 99 / 100] / 1e3 : -1);
    fflush(stdout);
}

int main(void) {
    int size = SOCKET_BYTES, on = 1;
    char order[128];
    prctl(PR_SET_TIMERSLACK, 1);
    if (srtp_init()) die("srtp_init");
    for (int i = 0; i < PACKET_BYTES; i++) body[i] = i * 31;
    poller = epoll_create1(0);
    if (!fgets(order, sizeof order, stdin)) return 1;
    count = atoi(order);
    for (int i = 0; i < count; i++) {
        char out[64], in[64], line[256];
        struct flow *flow = flows + i;
        if (!fgets(line, sizeof line, stdin)
            || sscanf(line, "%d %u %63s %63s %d", &flow->fd, &flow->ssrc, out, in, &flow->partner) != 5)
            die("flow");
        flow->tx = session(out, ssrc_any_outbound);
        flow->rx = session(in, ssrc_any_inbound);
        flow->sequence = 1000 + i;
        setsockopt(flow->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        setsockopt(flow->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        setsockopt(flow->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        epoll_ctl(poller, EPOLL_CTL_ADD, flow->fd, &event);
    }
    while (fgets(order, sizeof order, stdin)) {
        long rate, milliseconds;
        if (sscanf(order, "run %ld %ld", &rate, &milliseconds) != 2) break;
        run(rate, milliseconds);
    }
    return 0;
}
