/**
 * The server's limits for files, and what they said against files of a line: it stands until that line is
 * tried again, or it is closed.
 */
import { shallowRef } from 'vue'
import { http } from '../../../wire/http'
import type { Limits } from '../../../wire/messages'
import { faultOfFile, type UploadFault } from './fileTypes'

export function useLimits() {
  const limits = shallowRef<Limits | null>(null)
  const faults = shallowRef<readonly { line: string; fault: UploadFault }[]>([])

  function ask(): Promise<void> {
    return http.get<Limits>('/limits').then(
      (told) => void (limits.value = told),
      // without them the server alone refuses; the next file asks again
      () => undefined,
    )
  }
  const asked = ask()

  function tell(line: string, fault: UploadFault): void {
    faults.value = [...faults.value, { line, fault }]
  }

  /** Whether a file may go to the line; what speaks against it is told there. */
  async function admits(line: string, file: File): Promise<boolean> {
    await asked
    if (!limits.value) await ask()
    const fault = limits.value && faultOfFile(file, limits.value)
    if (fault) tell(line, fault)
    return !fault
  }

  /** What was said against files of a line is read, or does not hold any more. */
  function dismiss(line: string): void {
    if (faults.value.some((one) => one.line === line))
      faults.value = faults.value.filter((one) => one.line !== line)
  }

  return { limits, faults, ask, admits, tell, dismiss }
}
