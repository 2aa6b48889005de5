/* What the load generator and the floor share: AES-128-GCM sessions from keys in hex. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <srtp2/srtp.h>

#define KEY_BYTES 28
#define ROOM_BYTES 2048
#define MAX_FLOWS 2048
#define SOCKET_BYTES (8 << 20)

static inline void die(const char *what) {
    perror(what);
    exit(1);
}

static inline srtp_t session(const char *hex, srtp_ssrc_type_t direction) {
    static unsigned char key[KEY_BYTES];
    for (int i = 0; i < KEY_BYTES; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1) die("key");
        key[i] = (unsigned char)byte;
    }
    srtp_policy_t policy;
    memset(&policy, 0, sizeof policy);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    policy.ssrc.type = direction;
    policy.key = key;
    policy.window_size = 1024;
    srtp_t made;
    if (srtp_create(&made, &policy)) die("srtp_create");
    return made;
}
