/**
 * Which room of the pages may know which (docs/architecture.md §2), read by eslint.config.js and held over the whole
 * graph by tests/house.test.ts. Features never import each other; pages join them.
 */

export const FEATURES = [
  'admin',
  'audit',
  'call',
  'catalogue',
  'check',
  'desk',
  'early',
  'phone',
  'record',
  'scan',
]

/** What lies below the features: of each, all that it may know beside itself. */
export const BELOW = {
  rules: [],
  ui: [],
  wire: ['rules'],
  i18n: ['rules', 'wire'],
}

/** The folders within a room, lowest first. A folder knows those below it, and none beside it. */
export const FLOORS = {
  audit: [['rules'], ['log'], ['replay']],
  call: [['rules'], ['seat'], ['desk'], ['monitor', 'pane', 'ring']],
  record: [
    ['rules'],
    ['book'],
    ['document', 'sources', 'talk'],
    ['applicant', 'course', 'form', 'materials', 'review'],
  ],
  desk: [['entry', 'lists', 'tasks']],
  pages: [['head'], ['admin', 'approver', 'supervisor', 'window']],
}

/**
 * Modules of one feature that another may know. The list may shrink and never grow (tests/house.test.ts): the replay
 * reduces and draws a case as its desk does, and the device check tries what a call is made of.
 */
export const LENT = {
  audit: [
    'record/document/documents.ts',
    'record/rules/draw.ts',
    'record/rules/form/fields.ts',
    'record/rules/lines.ts',
    'record/rules/reducer.ts',
    'record/rules/words.ts',
  ],
  check: ['call/seat/devices.ts', 'call/seat/documentCamera.ts', 'call/seat/ear.ts', 'call/seat/media.ts'],
}

const at = (room) => `./src/${room}`

/** The same as zones of `import-x/no-restricted-paths`. */
export function zones() {
  const above = [at('pages'), './src/App.vue', './src/main.ts', './src/router.ts']
  const found = []
  for (const [room, known] of Object.entries(BELOW)) {
    const others = [...Object.keys(BELOW), ...FEATURES].filter((one) => one !== room && !known.includes(one))
    found.push({
      target: at(room),
      from: [...others.map(at), ...above],
      message: `${room}/ knows ${known.join(', ') || 'nothing beside itself'}`,
    })
  }
  for (const feature of FEATURES) {
    found.push({ target: at(feature), from: above, message: 'a feature knows no page' })
    for (const other of FEATURES.filter((one) => one !== feature)) {
      const except = (LENT[feature] ?? [])
        .filter((one) => one.startsWith(`${other}/`))
        .map((one) => `.${one.slice(other.length)}`)
      found.push({
        target: at(feature),
        from: at(other),
        except,
        message: 'features never import each other: a page joins them',
      })
    }
  }
  for (const [room, floors] of Object.entries(FLOORS)) {
    floors.forEach((floor, height) => {
      for (const folder of floor) {
        const forbidden = floors
          .slice(height)
          .flat()
          .filter((one) => one !== folder)
        if (forbidden.length) {
          const from = forbidden.map((one) => at(`${room}/${one}`))
          found.push({
            target: at(`${room}/${folder}`),
            from,
            message: `within ${room}/ a folder knows those below it`,
          })
        }
      }
    })
  }
  return found
}
