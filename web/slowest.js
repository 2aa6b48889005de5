/** Tells at the end of a run which test files took longest: made ready, imported and run. */
const SLOWEST = 10

/** A reporter of vitest. @implements {import('vitest/node').Reporter} */
export class Slowest {
  /** @param {readonly import('vitest/node').TestModule[]} modules */
  onTestRunEnd(modules) {
    if (modules.length <= SLOWEST) return
    const found = modules.map((module) => {
      const took = module.diagnostic()
      const ready = took.environmentSetupDuration + took.prepareDuration + took.setupDuration
      const s = (ready + took.collectDuration + took.duration) / 1000
      return { s, tests: [...module.children.allTests()].length, file: module.relativeModuleId }
    })
    found.sort((one, other) => other.s - one.s)
    const lines = found
      .slice(0, SLOWEST)
      .map(
        ({ s, tests, file }) => `${s.toFixed(1).padStart(7)} s ${String(tests).padStart(5)} tests  ${file}`,
      )
    console.log(['slowest files', ...lines].join('\n'))
  }
}
