import cases from './cases'
import duty from './duty'
import tasks from './tasks'

export default {
  ...cases,
  ...duty,
  ...tasks,
}
