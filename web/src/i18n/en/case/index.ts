import tasks from '../desk/tasks'
import agents from '../record/agents'
import sequels from '../record/sequels'
import scan from '../scan'
import turned from './turned'

/** The words of what stands on no desk before its first case: read with the pages of a case and of tasks. */
export default { desk: tasks, record: { ...agents, ...sequels }, scan, turned }
