/** Tells at the end of a run which test files took longest: made ready, imported and run. */
import type { Reporter, TestModule } from 'vitest/node'

const SLOWEST = 10

export class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= SLOWEST) return
    const found = modules.map((module) => {
      const { environmentSetupDuration, prepareDuration, collectDuration, setupDuration, duration } =
        module.diagnostic()
      const ms = environmentSetupDuration + prepareDuration + collectDuration + setupDuration + duration
      return { s: ms / 1000, tests: [...module.children.allTests()].length, file: module.relativeModuleId }
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
