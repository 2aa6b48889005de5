/** How sizes, speeds, types and labels are written; one way for the whole record. */
import type { FormField } from '../wire/messages'

/** 1.8 MB, 640 KB: 1 KB is 1024 bytes, as file managers at a window count. */
export function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${units[unit]}`
}

export function percent(done: number, all: number): number {
  return all > 0 ? Math.min(100, Math.floor((done / all) * 100)) : 0
}

/** application/pdf, image/png as PDF, PNG */
export function typeNames(media_types: readonly string[]): string {
  const names: Record<string, string> = { 'image/webp': 'WebP' }
  return media_types.map((type) => names[type] ?? type.split('/').at(-1)?.toUpperCase() ?? type).join(' ')
}

export function labelOf(field: FormField, language: string): string {
  return language === 'en' && field.label_en ? field.label_en : field.label
}
