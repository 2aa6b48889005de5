/**
 * Papers that are taken at the window, by the document camera or by the applicant's telephone: for which
 * line, and what they cover.
 */
import { computed, nextTick, ref, watch } from 'vue'
import type ScanPane from '../../../scan/ScanPane.vue'
import { sendTaken } from '../../../scan/sendTaken'
import { focusOn, unclaimed } from '../../../ui/focus'
import type { Bringing } from './useBringing'
import type { Table } from './useTable'

export interface ScanningOf {
  table: Pick<Table, 'lineOf' | 'over' | 'owes'>
  bringing: Pick<Bringing, 'means' | 'bring'>
}

/** A note that tells of what became of the case. */
export type NoteOfCase = 'decided' | 'referred'

export function useScanning({ table, bringing }: ScanningOf) {
  /** the line whose paper is being taken */
  const scanning = ref<string | null>(null)
  const by_phone = ref(false)
  const pane = ref<InstanceType<typeof ScanPane> | null>(null)
  const scanned = computed(() => table.lineOf(scanning.value))
  const scan_shut = computed(() => table.over.value && !table.owes(scanned.value))
  /** papers are being taken, and the next step is there */
  const taking = computed(() => scanned.value !== null && (pane.value?.step ?? 'none') !== 'none')

  /** what opened it: there he goes on when it is closed */
  let opener: Element | null = null

  function scan(key: string, phone: boolean): void {
    if (scanning.value === null) opener = document.activeElement
    scanning.value = key
    by_phone.value = phone
  }

  /**
   * Leaves the papers that are being taken, so that what they cover is in sight; pages that are not sent are
   * asked about, and then they stay: false.
   */
  function leaveScan(): boolean {
    if (pane.value?.count) void pane.value.ask()
    else scanning.value = null
    return scanning.value === null
  }

  const sendScan = (file: File): Promise<void> =>
    sendTaken(scanning, bringing.means, (key) => bringing.bring(key, file))

  /** the note to which he goes once the papers that cover it are left */
  const looking = ref<NoteOfCase | null>(null)
  function showNote(note: NoteOfCase): void {
    looking.value = note
    leaveScan()
  }
  // whoever opens it works in it
  watch(pane, (now) => now && focusOn('[data-scan] [data-shoot]', '[data-scan] h2'), { flush: 'post' })
  // and else he is back at what opened it, or at the line whose paper was taken
  watch(scanning, async (now, before) => {
    if (now || !before) return
    const note = looking.value
    looking.value = null
    await nextTick()
    if (note) focusOn(`[data-${note}]`)
    else if (unclaimed()) {
      if (opener instanceof HTMLElement && opener !== document.body && opener.isConnected) opener.focus()
      else focusOn(`.tray-part [data-line="${CSS.escape(before)}"] .pick`)
    }
    opener = null
  })

  return { scanning, by_phone, pane, scanned, scan_shut, taking, scan, leaveScan, sendScan, showNote }
}
