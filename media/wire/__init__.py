"""What stands on the network between a browser and the worker: datagrams, ICE, DTLS, SRTP, RTCP and SDP."""
