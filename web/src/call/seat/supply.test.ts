// @vitest-environment node
import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { HeldPlace, HeldTime, pull, track } from '../../../tests/kit/seats'
import type { Opened } from './devices'
import { SILENT_FOR_MS } from './ear'
import { Supply } from './supply'

function supplied() {
  const [time, place] = [new HeldTime(), new HeldPlace()]
  const log: string[] = []
  const muted = { '0': false, '1': false }
  const at = { talks: true }
  const supply = new Supply(
    { time, place: place.means },
    {
      send: async () => void log.push(`send ${[...supply.tracks.keys()].join('')}`),
      close: async (mid, on) => void log.push(`close ${mid} ${String(on)}`),
      tellLines: async () =>
        void log.push(`lacks ${supply.lacks('0') ? '0' : ''}${supply.lacks('1') ? '1' : ''}`),
      talks: () => at.talks,
      muted: (mid) => muted[mid],
    },
  )
  return { time, place, log, muted, at, supply }
}
const notice = (supply: Supply) =>
  supply.notice.value && `${supply.notice.value.kind} ${supply.notice.value.what}`

describe('camera and microphone', () => {
  it('are asked for once, and sent but for what is muted', async () => {
    const { supply, place, muted } = supplied()
    expect([...supply.tracks.keys()]).toEqual([])
    expect(supply.prepare()).toBe(supply.prepare())
    await supply.prepare()
    expect([...supply.tracks.keys()]).toEqual(['0', '1'])
    muted['0'] = true
    expect([...supply.tracks.values()]).toEqual([place.found.camera])
  })

  it('are closed when nobody wants them, with all that is shown beside the face', async () => {
    const { supply, place } = supplied()
    const { microphone, camera } = await supply.prepare()
    const paper = track('video')
    place.papers = [paper]
    await supply.showPaper(true)
    supply.rest()
    expect([microphone, camera, paper].map((one) => one?.readyState)).toEqual(['ended', 'ended', 'ended'])
    expect([supply.devices.value, supply.paper.value, place.listening]).toEqual([null, null, 0])
    expect(supply.lacks('1')).toBe(false)
  })

  it('that are pulled out are replaced by others', async () => {
    const { supply, place, log } = supplied()
    const { camera } = await supply.prepare()
    const other = track('video')
    place.next = [{ track: other }]
    pull(camera as MediaStreamTrack)
    await flushPromises()
    expect([supply.devices.value?.camera, notice(supply)]).toEqual([other, 'camera replaced'])
    expect(log).toEqual(['send 01', 'lacks '])
  })

  it('that stopped without an event are seen at the next look', async () => {
    const { supply, place } = supplied()
    const { microphone } = await supply.prepare()
    place.next = [{ track: track('audio') }]
    supply.look()
    expect(place.next).toHaveLength(1)
    microphone?.stop()
    supply.look()
    await flushPromises()
    expect([place.next.length, notice(supply), place.listening]).toEqual([0, 'microphone replaced', 1])
  })

  it('without another lack, and are taken when they are plugged in again', async () => {
    const { supply, place, log } = supplied()
    const { camera } = await supply.prepare()
    place.next = [{ track: null, trouble: 'busy' }]
    pull(camera as MediaStreamTrack)
    await flushPromises()
    expect([supply.devices.value?.trouble.camera, notice(supply)]).toEqual(['absent', 'camera gone'])
    expect(log).toEqual(['send 0', 'lacks 1'])
    const again = track('video')
    place.next = [{ track: again }]
    place.plug()
    await flushPromises()
    expect([supply.devices.value?.camera, notice(supply)]).toEqual([again, 'camera back'])
    expect(supply.devices.value?.trouble).toEqual({})
  })

  it('that were refused are opened again when somebody asks, and not for what is plugged in', async () => {
    const { supply, place } = supplied()
    place.found = { microphone: null, camera: null, trouble: { microphone: 'refused', camera: 'refused' } }
    await supply.prepare()
    place.next = [{ track: track('audio') }, { track: null, trouble: 'refused' }]
    place.plug()
    await flushPromises()
    expect(place.next).toHaveLength(2)
    await supply.retry()
    expect([supply.lacks('0'), supply.lacks('1'), notice(supply)]).toEqual([false, true, null])
    expect(supply.devices.value?.trouble).toEqual({ camera: 'refused' })
  })

  it('that come when nobody wants them any more are closed', async () => {
    const { supply, place } = supplied()
    const { camera } = await supply.prepare()
    const late = track('video')
    place.next = [Promise.resolve({ track: late })]
    pull(camera as MediaStreamTrack)
    supply.rest()
    await flushPromises()
    expect([late.readyState, supply.devices.value]).toEqual(['ended', null])
  })
})

describe('a camera that hangs', () => {
  async function hanging(seen: ReturnType<typeof supplied>, frames = 48): Promise<void> {
    for (let look = 0; look < 4; look += 1) {
      const { camera } = seen.supply.devices.value ?? {}
      seen.supply.watch(camera ? { track_id: camera.id, frames } : null)
      await seen.time.pass(2_000)
    }
  }

  it('is closed and opened anew; that it lacks is told meanwhile', async () => {
    const seen = supplied()
    const { supply, place, log } = seen
    const { camera } = await supply.prepare()
    const again = track('video')
    let open: (opened: Opened) => void = () => undefined
    place.next = [new Promise((resolve) => (open = resolve))]
    await hanging(seen)
    expect([camera?.readyState, supply.devices.value?.trouble.camera]).toEqual(['ended', 'hangs'])
    expect(log).toEqual(['send 0', 'lacks 1'])
    open({ track: again })
    await flushPromises()
    expect([supply.devices.value?.camera, notice(supply)]).toEqual([again, 'camera reopened'])
    expect(log.slice(2)).toEqual(['send 01', 'lacks '])
  })

  it('again is told, and taken when it is plugged in anew', async () => {
    const seen = supplied()
    const { supply, place } = seen
    await supply.prepare()
    place.next = [{ track: track('video') }, { track: track('video') }]
    await hanging(seen)
    await hanging(seen, 0)
    expect([supply.devices.value?.camera, supply.devices.value?.trouble.camera]).toEqual([null, 'hangs'])
    expect([place.next.length, notice(supply)]).toEqual([1, null])
    place.plug()
    await flushPromises()
    expect([supply.lacks('1'), notice(supply)]).toEqual([false, 'camera back'])
  })

  it('and cannot be read then hangs still', async () => {
    const seen = supplied()
    const { supply, place } = seen
    await supply.prepare()
    place.next = [{ track: null, trouble: 'busy' }]
    await hanging(seen)
    expect(supply.devices.value?.trouble.camera).toBe('hangs')
  })

  it('is left alone while its pictures are held back, or it is switched off', async () => {
    const seen = supplied()
    const { camera } = await seen.supply.prepare()
    for (let look = 0; look < 9; look += 1) {
      seen.supply.watch(null)
      await seen.time.pass(2_000)
    }
    if (camera) camera.enabled = false
    await hanging(seen)
    await hanging(seen)
    expect(camera?.readyState).toBe('live')
  })
})

describe('what is shown beside the face', () => {
  it('is sent, and its line is opened and closed', async () => {
    const { supply, place, log } = supplied()
    await supply.prepare()
    place.papers = [track('video')]
    await supply.showPaper(true)
    await supply.showPaper(false)
    expect(log).toEqual(['send 012', 'close 2 false', 'send 01', 'close 2 true'])
  })

  it('cannot be had, or is gone: each is told', async () => {
    const { supply, place } = supplied()
    await supply.prepare()
    await supply.showPaper(true)
    expect(notice(supply)).toBe('paper failed')
    const paper = track('video')
    place.papers = [paper]
    await supply.showPaper(true)
    pull(paper)
    await flushPromises()
    expect([notice(supply), supply.paper.value]).toEqual(['paper gone', null])
  })

  it('stays while another camera is opened, unless that needs its place', async () => {
    const { supply, place } = supplied()
    await supply.prepare()
    const [first, second] = [track('video'), track('video')]
    place.papers = [first, null, second]
    await supply.showPaper(true)
    await supply.showPaper(true)
    expect([supply.paper.value, first.readyState]).toEqual([second, 'ended'])
  })

  it('is what was asked for last', async () => {
    const { supply, place } = supplied()
    await supply.prepare()
    const late = track('video')
    place.papers = [late]
    const [shown, hidden] = [supply.showPaper(true), supply.showPaper(false)]
    await Promise.all([shown, hidden])
    expect([supply.paper.value, late.readyState]).toEqual([null, 'ended'])
  })

  it('is a screen until the person ends it with the key of the browser', async () => {
    const { supply, place, log } = supplied()
    await supply.prepare()
    expect(await supply.shareScreen(true)).toBe(false)
    const screen = track('video')
    place.screens = [screen]
    expect(await supply.shareScreen(true)).toBe(true)
    pull(screen)
    await flushPromises()
    expect(supply.screen.value).toBeNull()
    expect(log.filter((one) => one.startsWith('close'))).toEqual([
      'close 3 true',
      'close 3 false',
      'close 3 true',
    ])
  })
})

describe('a microphone', () => {
  it('that brings nothing is told while others should hear it', async () => {
    const { supply, place, time, at } = supplied()
    await supply.prepare()
    place.hear(0)
    await time.pass(SILENT_FOR_MS)
    at.talks = false
    place.hear(0)
    expect(supply.heard.value.silent).toBe(false)
    at.talks = true
    place.hear(0)
    expect(supply.heard.value.silent).toBe(true)
    place.hear(0.5)
    expect(supply.heard.value.silent).toBe(false)
  })
})
