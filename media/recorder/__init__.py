"""RTP into Matroska (WebM but for H264), without decoding or encoding: the process that writes recordings."""
