import cases from './cases'
import duty from './duty'

export default {
  ...cases,
  ...duty,
}
