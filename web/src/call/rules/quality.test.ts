// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { advise, gauge, judge, level, missed, sample, type Sample, whenAlone } from './quality'

const well: Sample = {
  loss_in: 0,
  loss_out: 0,
  round_trip_ms: 40,
  jitter_ms: 5,
  in_kbps: 700,
  out_kbps: 700,
  freezes: 0,
  freeze_ms: 0,
  concealed: 0,
  limited_by: 'none',
  candidate: 'host',
  protocol: 'udp',
}
/** A trace: so many samples of each kind, one after another. */
const trace = (...parts: [number, Partial<Sample>][]): Sample[] =>
  parts.flatMap(([n, more]) => Array.from({ length: n }, () => ({ ...well, ...more })))

describe('the level of a connection', () => {
  it.each([
    ['nothing known', [], 'excellent'],
    ['all is well', trace([5, {}]), 'excellent'],
    ['one bad moment is passed over', trace([5, {}], [1, { loss_in: 0.3 }]), 'excellent'],
    ['two in a row are not', trace([5, {}], [2, { loss_in: 0.3 }]), 'poor'],
    [
      'bad, then worse: as far as the milder of the two',
      trace([5, {}], [1, { loss_in: 0.04 }], [1, { loss_in: 0.3 }]),
      'good',
    ],
    ['a long way of a relay', trace([5, { round_trip_ms: 300 }]), 'good'],
    ['a satellite', trace([5, { round_trip_ms: 700 }]), 'poor'],
    ['two good moments do not make it well', trace([5, { loss_in: 0.3 }], [2, {}]), 'poor'],
    ['three do', trace([5, { loss_in: 0.3 }], [3, {}]), 'excellent'],
    [
      'up and down',
      trace([3, {}], [1, { loss_in: 0.3 }], [1, {}], [1, { loss_in: 0.3 }], [1, {}]),
      'excellent',
    ],
    ['what we send does not arrive', trace([4, { loss_out: 0.12 }]), 'poor'],
    ['sound is made up', trace([4, { concealed: 0.15 }]), 'poor'],
    ['the picture stands still', trace([4, { freezes: 1, freeze_ms: 1500 }]), 'poor'],
    ['it stood once', trace([4, { freezes: 1, freeze_ms: 300 }]), 'good'],
    ['the line is too narrow for a picture', trace([4, { limited_by: 'bandwidth', out_kbps: 60 }]), 'poor'],
    [
      'a smaller picture is still a picture, and not an excellent one',
      trace([4, { limited_by: 'bandwidth', out_kbps: 400 }]),
      'good',
    ],
    [
      'a small moment at the beginning is passed over',
      trace([1, {}], [1, { limited_by: 'bandwidth', out_kbps: 400 }], [3, {}]),
      'excellent',
    ],
  ] as const)('%s', (_name, samples, expected) => {
    expect(level(samples as readonly Sample[])).toBe(expected)
  })

  it('is lost at once when the connection does not stand', () => {
    expect(judge(trace([5, {}]), { up: false, picture_sent: true })).toEqual({ level: 'lost', advice: null })
  })
})

describe('the advice', () => {
  it.each([
    ['none while it is well', trace([6, {}]), true, null],
    ['none for a moment', trace([6, {}], [2, { loss_out: 0.2 }]), true, null],
    ['a weak way out', trace([6, {}], [4, { loss_out: 0.2 }]), true, 'uplink'],
    ['a narrow way out', trace([4, { limited_by: 'bandwidth', out_kbps: 60 }]), true, 'uplink'],
    ['it was followed, and is no better', trace([4, { loss_out: 0.2 }]), false, 'delay'],
    ['a weak way in', trace([4, { loss_in: 0.2 }]), true, 'downlink'],
    ['a long way', trace([4, { round_trip_ms: 800 }]), true, 'delay'],
    [
      'a busy computer',
      trace([4, { limited_by: 'cpu', freeze_ms: 900, round_trip_ms: 510 }]),
      true,
      'computer',
    ],
  ] as const)('%s', (_name, samples, picture_sent, expected) => {
    expect(advise(samples, picture_sent)).toBe(expected)
  })
})

describe('while nobody else is there', () => {
  const alone = (more: Partial<Sample>) =>
    judge(
      Array.from({ length: 5 }, () => whenAlone({ ...well, ...more })),
      { up: true, picture_sent: true },
    )

  it('what is lost, made small or lacking is no fault of this line', () => {
    expect(alone({ loss_out: 0.4 })).toEqual({ level: 'excellent', advice: null })
    expect(alone({ limited_by: 'bandwidth', out_kbps: 30 })).toEqual({ level: 'excellent', advice: null })
    expect(alone({ concealed: 0.9, freezes: 1, freeze_ms: 2000, loss_in: 0.3, jitter_ms: 90 })).toEqual({
      level: 'excellent',
      advice: null,
    })
  })

  it('how long it takes to the server, and a busy computer, still are', () => {
    expect(alone({ round_trip_ms: 700 }).advice).toBe('delay')
    expect(alone({ limited_by: 'cpu' }).level).toBe('good')
  })
})

describe('what the browser has counted', () => {
  const stats = (
    more: { received?: number; lost?: number; bytes?: number } = {},
  ): Record<string, unknown>[] => [
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    {
      id: 'q',
      type: 'candidate-pair',
      nominated: true,
      state: 'succeeded',
      localCandidateId: 'h',
      currentRoundTripTime: 9,
    },
    {
      id: 'p',
      type: 'candidate-pair',
      nominated: true,
      state: 'succeeded',
      localCandidateId: 'r',
      currentRoundTripTime: 0.12,
    },
    { id: 'h', type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
    { id: 'r', type: 'local-candidate', candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' },
    {
      id: 'a',
      type: 'inbound-rtp',
      kind: 'audio',
      packetsReceived: more.received ?? 100,
      packetsLost: more.lost ?? 0,
      bytesReceived: more.bytes ?? 1000,
      jitter: 0.02,
      totalSamplesReceived: 48_000,
      concealedSamples: 5_000,
      silentConcealedSamples: 4_000,
    },
    {
      id: 'o',
      type: 'outbound-rtp',
      kind: 'video',
      packetsSent: 40,
      bytesSent: 5_000,
      framesEncoded: 10,
      qualityLimitationReason: 'bandwidth',
    },
    { id: 'i', type: 'remote-inbound-rtp', fractionLost: 0.05 },
  ]

  it('is read of the pair that is in use', () => {
    expect(gauge(stats(), 0)).toMatchObject({
      candidate: 'relay',
      protocol: 'tcp',
      round_trip_s: 0.12,
      loss_out: 0.05,
      picture_sent: true,
      limited_by: 'bandwidth',
      concealed_samples: 1_000,
    })
  })

  it('forgets what was last told of a stream that is sent no more', () => {
    const at = (now: number): number | null =>
      missed([
        { id: 't', type: 'transport', timestamp: now },
        { id: 'voice', type: 'remote-inbound-rtp', fractionLost: 0.01, timestamp: 57_000 },
        { id: 'face', type: 'remote-inbound-rtp', fractionLost: 0.4, timestamp: 50_000 },
      ])
    expect([58_000, 58_100, 65_001].map(at)).toEqual([0.4, 0.01, null])
    expect(missed([])).toBeNull()
  })

  it('becomes shares and rates between two moments', () => {
    const [before, now] = [
      gauge(stats(), 1_000),
      gauge(stats({ received: 180, lost: 20, bytes: 251_000 }), 3_000),
    ]
    expect(sample(before, now)).toMatchObject({
      loss_in: 0.2,
      in_kbps: 1_000,
      out_kbps: 0,
      jitter_ms: 20,
      round_trip_ms: 120,
    })
    expect(sample(now, now)).toBeNull()
  })

  it('does not go below nothing when a stream begins anew', () => {
    expect(
      sample(gauge(stats({ received: 900, lost: 50 }), 0), gauge(stats({ received: 3, lost: 0 }), 1_000)),
    ).toMatchObject({ loss_in: 0, in_kbps: 0 })
  })
})
