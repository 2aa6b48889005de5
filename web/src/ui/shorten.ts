/**
 * Cuts the middle out of a long name (济南禾川…青岛西海岸分公司): both ends tell names apart, the middle seldom does.
 * Give the full text in `title` too.
 */
export function shorten(text: string, characters: number): string {
  const letters = Array.from(text)
  if (letters.length <= characters) return text
  const head = Math.floor((characters - 1) / 3)
  const tail = characters - 1 - head
  return `${letters.slice(0, head).join('')}…${letters.slice(letters.length - tail).join('')}`
}
