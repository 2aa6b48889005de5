/**
 * The code of a case (识别码): five digits, from its registration on and for ever. They stand beside the applicant
 * wherever a case is named, so that two of one surname, item and minute are told apart at every desk, and by voice.
 * They say nothing of anybody, and nothing is found by them.
 */
export function caseCode(case_id: string): string {
  // FNV-1a of 32 bits
  let hash = 0x811c9dc5
  for (const letter of case_id) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0
  return String(hash % 100_000).padStart(5, '0')
}
